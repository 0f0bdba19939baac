"""The body that receivers get: a CloudEvent 1.0 in structured JSON."""

from datetime import datetime

from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from sharpeyes.events.event import Event, Severity

CONTENT_TYPE = JSONFormat.CONTENT_TYPE
MAX_BODY_BYTES = 64 * 1024
MAX_SOURCE_CHARACTERS = len("/sharpeyes/") + 63
"""Of the longest source that `EventSettings` allows."""

TEST_TYPE = "org.sharpeyes.endpoint.test.v1"
"""Of what an operator sends to try an endpoint out; no event that is stored has it."""
NO_CAMERA = "0" * 20

_FORMAT = JSONFormat()


def body(event: Event, source: str) -> bytes:
    """Write an event as receivers get it.

    The bytes depend on the stored event and on `source` alone, so every attempt sends the same.

    Args:
        event: As stored.
        source: The installation, for instance "/sharpeyes/main".

    Returns:
        JSON in ASCII. `id` is the event's identity and the webhook-id; `sequence` has leading
        zeros, because the extension of that name is ordered as text; the picture's link is a path
        on our API, and opens only with a token; `originsource` and `originid` are there where
        another system told of it.
    """
    data = dict(event.data)
    if event.evidence_sha256 is not None:
        data["evidence"] = {
            "sha256": event.evidence_sha256,
            "url": f"/api/v1/events/{event.event_id}/picture",
        }
    attributes = {
        "specversion": "1.0",
        "id": event.event_id,
        "source": source,
        "type": event.type.value,
        "subject": event.device_code,
        "time": event.occurred_at,
        "recordedtime": event.recorded_at,
        "sequence": f"{event.sequence:012d}",
        "severity": event.severity.value,
        "datacontenttype": "application/json",
    }
    if event.origin_source is not None and event.origin_id is not None:
        attributes |= {"originsource": event.origin_source, "originid": event.origin_id}
    return _FORMAT.write(CloudEvent(attributes, data))


def test_body(event_id: str, endpoint: str, sent_at: datetime, source: str) -> bytes:
    """Write what an endpoint is sent to try it out, with all that an event has.

    Args:
        event_id: From `new_event_id`.
        endpoint: The endpoint's name.
        sent_at: UTC.
        source: The installation.

    Returns:
        As `body`. `subject` is 20 zeros, which is no camera, and `sequence` is 0.
    """
    attributes = {
        "specversion": "1.0",
        "id": event_id,
        "source": source,
        "type": TEST_TYPE,
        "subject": NO_CAMERA,
        "time": sent_at,
        "recordedtime": sent_at,
        "sequence": f"{0:012d}",
        "severity": Severity.INFO.value,
        "datacontenttype": "application/json",
    }
    return _FORMAT.write(CloudEvent(attributes, {"endpoint": endpoint}))
