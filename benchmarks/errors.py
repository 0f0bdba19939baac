"""What can keep a benchmark from running."""


class FootageMissingError(Exception):
    """The shared footage is not where it is looked for."""
