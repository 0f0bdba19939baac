"""The JSON Schema of what case systems get: one for all types, chosen by `type`."""

from typing import Any

import msgspec

from sharpeyes.events.event import PAYLOAD_OF, EventType, Severity
from sharpeyes.events.payload import DeviceCode

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_TIME = {"type": "string", "format": "date-time"}

_ATTRIBUTES: dict[str, Any] = {
    "specversion": {"const": "1.0"},
    "id": {
        "type": "string",
        "pattern": "^[A-Za-z0-9_-]{1,64}$",
        "description": "The event's identity and webhook-id: the same however often it is sent.",
    },
    "source": {"type": "string", "description": "The installation."},
    "type": {"enum": [kind.value for kind in EventType]},
    "subject": msgspec.json.schema(DeviceCode) | {"description": "The camera's device code."},
    "time": _TIME | {"description": "When it happened, as the camera or its system had it."},
    "recordedtime": _TIME | {"description": "When it was stored, by our clock."},
    "sequence": {
        "type": "string",
        "pattern": "^[0-9]{12,19}$",
        "description": "Counts the events of the camera from 1, without gaps.",
    },
    "severity": {"enum": [severity.value for severity in Severity]},
    "datacontenttype": {"const": "application/json"},
    "originsource": {"type": "string", "description": "Which other system told of it."},
    "originid": {"type": "string", "description": "Its identity there."},
    "data": {"type": "object", "description": "As the type has it."},
}
_NOT_ALWAYS = {"originsource", "originid"}

_PICTURE = {
    "type": "object",
    "description": "The picture that shows it, privacy zones black; fetched with a token.",
    "properties": {
        "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        "url": {"type": "string", "pattern": "^/api/v1/events/[A-Za-z0-9_-]{1,64}/picture$"},
    },
    "required": ["sha256", "url"],
}


def delivered_schema() -> dict[str, Any]:
    """Return the schema of the body of a delivery.

    It allows fields that it does not name, as later versions of this program may send some; those
    that a type has are required, whatever their default.
    """
    records = sorted(set(PAYLOAD_OF.values()), key=lambda record: record.__name__)
    _, definitions = msgspec.json.schema_components(records, ref_template="#/$defs/{name}")
    for definition in definitions.values():
        del definition["additionalProperties"]
        definition["required"] = list(definition["properties"])
        # Of a camera's status `evidence` is words; of all else it is the picture, if there is one.
        definition["properties"].setdefault("evidence", {"$ref": "#/$defs/Picture"})
    return {
        "$schema": _DRAFT,
        "title": "An event of Sharp Eyes, as case systems get it",
        "type": "object",
        "properties": _ATTRIBUTES,
        "required": [name for name in _ATTRIBUTES if name not in _NOT_ALWAYS],
        "allOf": [
            {
                "if": {"properties": {"type": {"const": kind.value}}},
                "then": {"properties": {"data": {"$ref": f"#/$defs/{record.__name__}"}}},
            }
            for kind, record in PAYLOAD_OF.items()
        ],
        "$defs": definitions | {"Picture": _PICTURE},
    }
