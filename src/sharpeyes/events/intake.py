"""Events of other systems: stored once each, and delivered as our own are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sharpeyes.events.event import NewEvent, Origin, RandomBits, new_event_id
from sharpeyes.events.intake_reading import Refusal, Told
from sharpeyes.events.store import Connection, ReadyEvent, insert

_CAMERAS = """
SELECT device_code, camera_id FROM unnest($1::text[]) AS given (device_code)
JOIN camera USING (device_code) WHERE life <> 'removed'
"""

_KNOWN = "SELECT dedup_key, event_id, digest FROM event_key WHERE dedup_key = ANY ($1)"

_TALLY = """
INSERT INTO intake_tally (caller, received, stored, deduplicated, refused)
VALUES ($1, $2, $3, $4, $5)
"""

NO_CAMERA = Refusal("subject", "no camera has this device code")
_CONFLICT = Refusal("id", "another event of this source has this id", conflict=True)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of the items of one portion.

    Attributes:
        outcomes: Of each in its order: the identity that the event has here, or why it is refused.
        stored: How many are new.
        deduplicated: How many had been handed in before, with the same body.
        hints: Of which events to tell whoever listens: the latest of each camera.
    """

    outcomes: tuple[str | Refusal, ...]
    stored: int
    deduplicated: int
    hints: tuple[str, ...] = ()

    @property
    def refused(self) -> int:
        """How many were not taken."""
        return len(self.outcomes) - self.stored - self.deduplicated


async def take(
    connection: Connection,
    items: Sequence[Told | Refusal],
    caller: str,
    now: datetime,
    random: RandomBits,
) -> Receipt:
    """Store a portion of what another system hands in, in the caller's transaction.

    An event that is known, by its source and id, is left as it is. What was read as a refusal is
    counted with the rest, so that received is always stored, deduplicated and refused together.

    Args:
        connection: In a transaction, which sees the cameras that the caller may know of.
        items: As they were read, in their order.
        caller: Who hands in, for the tally.
        now: Our time, aware.
        random: For the events' identities.
    """
    told = [item for item in items if isinstance(item, Told)]
    cameras = await _cameras(connection, told)
    # The first of each identity, at a camera that there is.
    first: dict[str, Told] = {}
    for item in told:
        if item.device_code in cameras:
            first.setdefault(item.dedup_key, item)
    ready = [
        _ready(item, cameras[item.device_code], new_event_id(now, random))
        for item in first.values()
    ]
    stored = await insert(connection, ready) if ready else {}
    known: dict[str, tuple[str, bytes | None]] = {
        one.event.dedup_key: (one.event.event_id, one.digest)
        for one in ready
        if one.event.event_id in stored
    }
    if len(known) < len(first):
        rows = await connection.fetch(_KNOWN, [key for key in first if key not in known])
        known |= {row["dedup_key"]: (row["event_id"], row["digest"]) for row in rows}
    outcomes = tuple(
        item
        if isinstance(item, Refusal)
        else NO_CAMERA
        if item.device_code not in cameras
        else _outcome(item, known.get(item.dedup_key))
        for item in items
    )
    refused = sum(isinstance(outcome, Refusal) for outcome in outcomes)
    deduplicated = len(items) - refused - len(stored)
    await connection.execute(_TALLY, caller, len(items), len(stored), deduplicated, refused)
    latest = {
        one.event.camera_id: one.event.event_id for one in ready if one.event.event_id in stored
    }
    return Receipt(outcomes, len(stored), deduplicated, tuple(latest.values()))


async def _cameras(connection: Connection, told: Sequence[Told]) -> dict[str, int]:
    codes = {item.device_code for item in told}
    rows = await connection.fetch(_CAMERAS, list(codes)) if codes else []
    return {row["device_code"]: row["camera_id"] for row in rows}


def _ready(item: Told, camera_id: int, event_id: str) -> ReadyEvent:
    event = NewEvent(
        event_id=event_id,
        type=item.type,
        camera_id=camera_id,
        device_code=item.device_code,
        severity=item.severity,
        occurred_at=item.occurred_at,
        dedup_key=item.dedup_key,
        data=item.payload,
        origin=Origin(item.source, item.id),
    )
    return ReadyEvent(event, item.data, item.digest)


def _outcome(item: Told, known: tuple[str, bytes | None] | None) -> str | Refusal:
    # None: it is another district's event, of which the caller must not know more than this.
    if known is None or known[1] != item.digest:
        return _CONFLICT
    return known[0]
