"""What can be wrong with what a detector is given.

ValueError
└── DetectorError
    ├── PictureError   a picture that is not one
    ├── StateError     a kept state that cannot be read
    ├── TimeError      a frame that is not later than the one before
    ├── ModelError     a verifier model that cannot be used
    └── ZoneError      a zone that describes no area of the picture
"""


class DetectorError(ValueError):
    """The base of everything that a detector refuses."""


class PictureError(DetectorError):
    """The picture has the wrong shape or dtype."""


class StateError(DetectorError):
    """The kept state is damaged or of another version."""


class TimeError(DetectorError):
    """The frame's time is not finite, or not after the frame before it."""


class ModelError(DetectorError):
    """The verifier's model cannot be read or does not answer as expected."""


class ZoneError(DetectorError):
    """A zone is wrong.

    Attributes:
        zone: the zone's name, as far as known.
        field: the field at fault: `name`, `kind`, `polygon`, `dwell_s` or `vehicle_widths`.
    """

    def __init__(self, zone: str, field: str, problem: str) -> None:
        super().__init__(f"zone {zone!r}, {field}: {problem}")
        self.zone = zone
        self.field = field
