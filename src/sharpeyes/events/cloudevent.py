"""The body that receivers get: a CloudEvent 1.0 in structured JSON."""

from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from sharpeyes.events.event import Event

CONTENT_TYPE = JSONFormat.CONTENT_TYPE
MAX_BODY_BYTES = 64 * 1024
MAX_SOURCE_CHARACTERS = len("/sharpeyes/") + 63
"""Of the longest source that `EventSettings` allows."""

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
