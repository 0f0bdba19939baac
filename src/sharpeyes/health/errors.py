"""What can go wrong in health.

HealthError
├── UnknownIncidentError
├── IncidentClosedError
├── IncidentChangedError
├── IncidentElsewhereError
└── StaleDeskError
"""


class HealthError(Exception):
    """Health refuses; the message is one line for the person who asked."""


class UnknownIncidentError(HealthError):
    """There is no such incident, or it is not the caller's to see."""

    def __init__(self, incident_id: object) -> None:
        super().__init__(f"there is no incident {incident_id}")


class IncidentClosedError(HealthError):
    """The incident is closed, and nothing more is done about it."""

    def __init__(self, incident_id: int) -> None:
        super().__init__(f"incident {incident_id} is closed")


class IncidentChangedError(HealthError):
    """Somebody has changed the incident since it was read."""

    def __init__(self, incident_id: int, revision: int) -> None:
        super().__init__(
            f"incident {incident_id} was changed meanwhile and is at revision {revision}: "
            "read it again"
        )


class IncidentElsewhereError(HealthError):
    """The incident reaches beyond the caller's divisions."""

    def __init__(self, incident_id: int) -> None:
        super().__init__(
            f"incident {incident_id} has cameras in other divisions: those who have all of them "
            "work on it"
        )


class StaleDeskError(HealthError):
    """Another worker judges common causes now: nothing may be written."""

    def __init__(self, worker_id: str, epoch: int) -> None:
        super().__init__(f"{worker_id} no longer judges common causes (epoch {epoch} is over)")
