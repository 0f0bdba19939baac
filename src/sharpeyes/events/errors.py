"""What can go wrong with events and their delivery.

EventsError
├── EventInvalidError
├── SecretInvalidError
├── ReceiverFileError
├── CaseError
│   ├── NoCaseError
│   ├── CaseStateError
│   └── CaseChangedError
└── EndpointError
    ├── EndpointInvalidError
    ├── EndpointExistsError
    ├── UnknownEndpointError
    ├── UnknownEndpointDivisionError
    ├── HandshakeError
    ├── EndpointLockedError
    └── RotationError
"""

from collections.abc import Mapping
from typing import Literal


class EventsError(Exception):
    """Events refuse; the message is one line for the person who asked."""


class EventInvalidError(EventsError):
    """An event cannot be stored: the message names the event's type, camera and field."""


class SecretInvalidError(EventsError):
    """A text is not a signing secret; the message never repeats it."""


class ReceiverFileError(EventsError):
    """The receiver's file of kept events cannot be used."""


class CaseError(EventsError):
    """A case cannot become what was asked for."""


class NoCaseError(CaseError):
    """There is no such event, or it is not the caller's to see, or its kind has no cases."""

    def __init__(self, event_id: str) -> None:
        super().__init__(f"there is no event {event_id!r} that could have a case")


class CaseStateError(CaseError):
    """What is said of a case does not follow from how far it is.

    Attributes:
        code: Which rule it breaks: `number`, another case number is on record; `said`, the step
            was said in other words; `order`, something else comes first.
        about: What the message names, by word, for whoever says it in another language.
    """

    def __init__(
        self, message: str, code: Literal["number", "said", "order"], about: Mapping[str, str]
    ) -> None:
        super().__init__(message)
        self.code = code
        self.about = about


class CaseChangedError(CaseError):
    """Somebody has changed the case since it was read."""

    def __init__(self, event_id: str, revision: int) -> None:
        super().__init__(
            f"the case of event {event_id} was changed meanwhile and is at revision {revision}: "
            "read it again"
        )


class EndpointError(EventsError):
    """An endpoint cannot be what was asked for."""


class EndpointInvalidError(EndpointError):
    """A name or address cannot be accepted.

    Attributes:
        field: Which: `name` or `url`.
    """

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"the endpoint's {reason}")
        self.field = field


class EndpointExistsError(EndpointError):
    """An endpoint has this name already."""

    def __init__(self, name: str) -> None:
        super().__init__(f"an endpoint named {name!r} exists already")


class UnknownEndpointError(EndpointError):
    """No endpoint has this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"no endpoint is named {name!r}")


class UnknownEndpointDivisionError(EndpointError):
    """An endpoint wants the cameras of a division that there is not."""

    def __init__(self, division_code: str) -> None:
        super().__init__(f"the endpoint wants division {division_code[:40]!r}, which is not known")


class HandshakeError(EndpointError):
    """The receiver did not say that it wants our events."""


class EndpointLockedError(EndpointError):
    """An endpoint's secret was sealed with a key that is not here."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"the secret of endpoint {name!r} does not open with the key that is set: nothing can "
            "be signed for it"
        )


class RotationError(EndpointError):
    """An endpoint's secret cannot be replaced now."""
