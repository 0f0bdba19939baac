"""What a device says of its recordings. Whoever shows it needs nothing that asks devices."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class RecordingsKept:
    """What a device says that it keeps: from when to when, not what is missing in between.

    Args:
        count: How many recordings there are: one for each input of most recorders.
        since: Of the oldest picture, by the device's clock, UTC; None where there is no recording.
        until: Of the newest.
        least_days: From the oldest to the newest picture of the shortest recording; None where the
            device does not tell its recordings apart.
        most_days: The same of the longest.
    """

    count: int
    since: datetime | None
    until: datetime | None
    least_days: float | None
    most_days: float
