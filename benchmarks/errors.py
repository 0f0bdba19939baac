"""What can keep a benchmark from running."""


class FootageMissingError(Exception):
    """The shared footage is not where it is looked for."""


class CityTooSmallError(Exception):
    """A simulated city has too few cameras for what is to go wrong in it."""
