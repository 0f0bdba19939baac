"""The audit: who did what to which thing, in a chain of hashes that shows any change.

Each entry is kept as the canonical JSON that is hashed. The database gives it its place in the
chain while its transaction commits (migration 0013), so no entry is ever outside of it: SHA-256
over ``{"at", "entry", "previous", "sequence"}``, canonical too, where `previous` is the hash
before. Whoever owns the database could write the whole chain anew, or cut its end off; that is why
its head is written down elsewhere, and compared.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, TypeAlias

import asyncpg
import asyncpg.pool
import msgspec

from sharpeyes.service.serving_pool import WHOLE_CITY, current_reach

Connection: TypeAlias = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy

_PAGE_ROWS = 5_000
_NO_HASH = bytes(32)
_CANONICAL = msgspec.json.Encoder(order="sorted")


async def audit(
    connection: Connection,
    actor: str,
    action: str,
    subject: str,
    *,
    outcome: Literal["done", "refused"] = "done",
    detail: Mapping[str, object] | None = None,
) -> None:
    """Write who did what to which thing, in the transaction of the deed where there is one.

    Args:
        connection: That of the deed. The entry stands once its transaction is committed.
        actor: The name of an account or a token.
        action: What was done, or would have been.
        subject: To which thing.
        outcome: Whether it was.
        detail: What else an auditor needs; no secret.
    """
    entry = {
        "action": _storable(action),
        "actor": _storable(actor),
        "detail": dict(detail or {}),
        "division_path": current_reach() or WHOLE_CITY,
        "object": _storable(subject),
        "outcome": outcome,
    }
    await connection.execute(
        "INSERT INTO audit (entry) VALUES ($1)", _CANONICAL.encode(entry).decode()
    )


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the audit, as auditors read it.

    Attributes:
        sequence: its place in the chain, from 1.
        at: when its transaction began, UTC.
        actor: the account or the token, or "nobody" who had neither.
        action: what was done, or would have been.
        object: to which thing.
        outcome: "done" or "refused".
        detail: what else there is to know.
        hash: 64 hexadecimal digits.
    """

    sequence: int
    at: datetime
    actor: str
    action: str
    object: str
    outcome: str
    detail: dict[str, Any]
    hash: str


class Head(msgspec.Struct, frozen=True):
    """The last link of the chain at some time: what came before can no longer change unnoticed."""

    at: datetime
    sequence: int
    hash: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verification found.

    Attributes:
        entries: how many were looked at.
        head: the chain's end as it is; None of an empty one.
        faults: what is wrong, in words with the entry's number; the first ones only.
        fault_count: how many there are in all.
    """

    entries: int
    head: Head | None
    faults: tuple[str, ...]
    fault_count: int


async def entries(
    pool: asyncpg.Pool,
    *,
    before: int | None = None,
    limit: int = 100,
    actor: str | None = None,
    outcome: str | None = None,
) -> list[AuditEntry]:
    """Return a page of the entries, newest first.

    Args:
        pool: Of the database; through a `ServingPool` only those of the caller's subtree.
        before: Only entries before this place in the chain.
        limit: Entries at most.
        actor: Only this one's.
        outcome: Only "done" or "refused".
    """
    rows = await pool.fetch(
        "SELECT sequence, at, actor, action, object, outcome, detail,"
        " encode(hash, 'hex') AS hash FROM audit"
        " WHERE sequence < COALESCE($1, 9223372036854775807)"
        " AND ($2::text IS NULL OR actor = $2) AND ($3::text IS NULL OR outcome = $3)"
        " ORDER BY sequence DESC LIMIT $4",
        before,
        actor,
        outcome,
        limit,
    )
    return [msgspec.convert(dict(row), AuditEntry) for row in rows]


async def read_head(pool: asyncpg.Pool, now: datetime) -> Head | None:
    """Return the chain's end as the database has it; None while nothing was ever audited."""
    row = await pool.fetchrow("SELECT sequence, hash FROM audit_head")
    if row is None or not row["sequence"]:
        return None
    return Head(now, row["sequence"], row["hash"].hex())


async def verify(connection: Connection, written_down: Iterable[Head], now: datetime) -> Verdict:
    """Compute the chain again and compare it with what is stored, and with heads kept elsewhere.

    Args:
        connection: The owner's, for all entries must be seen; in a transaction of one snapshot, as
            the service goes on meanwhile.
        written_down: Heads that were exported while the chain grew.
        now: The present.
    """
    wanted = {head.sequence: head.hash for head in written_down}
    check = _Check(wanted)
    async for row in _rows(connection):
        check.take(row)
    unchained = await connection.fetchval("SELECT count(*) FROM audit WHERE sequence IS NULL")
    head = await connection.fetchrow("SELECT sequence, hash FROM audit_head")
    check.end(head, unchained)
    last = Head(now, check.sequence, check.previous.hex()) if check.sequence else None
    return Verdict(check.count, last, tuple(check.faults), check.fault_count)


async def _rows(connection: Connection) -> AsyncIterator[asyncpg.Record]:
    async for row in connection.cursor(
        "SELECT sequence, at, entry, actor, action, object, outcome, detail, division_path, hash"
        " FROM audit WHERE sequence IS NOT NULL ORDER BY sequence",
        prefetch=_PAGE_ROWS,
    ):
        yield row


class _Check:
    """Goes along the chain and notes what does not fit."""

    _LISTED = 20

    def __init__(self, wanted: dict[int, str]) -> None:
        self._wanted = wanted
        self.previous = _NO_HASH
        self.sequence = 0
        self.count = 0
        self.faults: list[str] = []
        self.fault_count = 0

    def take(self, row: asyncpg.Record) -> None:
        """Check the next row in the order of places."""
        sequence = row["sequence"]
        if sequence != self.sequence + 1:
            self._fault(f"entries {self.sequence + 1} to {sequence - 1} are missing")
        elif row["hash"] != link(sequence, row["at"], row["entry"], self.previous):
            self._fault(f"entry {sequence} was changed or moved: it does not give its hash")
        if _as_read(row) != _as_written(row["entry"]):
            self._fault(f"entry {sequence} shows something else than was hashed")
        noted = self._wanted.pop(sequence, None)
        # It is null in the chain of whoever took the hash away.
        if noted is not None and noted != (row["hash"] or b"").hex():
            self._fault(f"entry {sequence} is another than when the chain's head was written down")
        self.count += 1
        # Go on from what is stored, so that one fault is told once.
        self.previous, self.sequence = row["hash"] or _NO_HASH, sequence

    def end(self, head: asyncpg.Record | None, unchained: int) -> None:
        """Check that nothing was cut off or added beside the chain."""
        last = head["sequence"] if head else None
        if last != self.sequence or (head and head["hash"] != self.previous):
            self._fault(
                f"the chain ends at entry {self.sequence}, and should at {last}: it was cut off"
            )
        for sequence in sorted(self._wanted):
            self._fault(
                f"entry {sequence} was the chain's head once, and is missing: it was cut off"
            )
        if unchained:
            self._fault(f"{unchained} entries are outside of the chain")

    def _fault(self, words: str) -> None:
        self.fault_count += 1
        if len(self.faults) < self._LISTED:
            self.faults.append(words)


def link(sequence: int, at: datetime, entry: str, previous: bytes) -> bytes:
    """Return the hash of an entry; the trigger of migration 0013 computes the same."""
    moment = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    text = (
        f'{{"at":"{moment}","entry":{entry},"previous":"{previous.hex()}","sequence":{sequence}}}'
    )
    return hashlib.sha256(text.encode()).digest()


def _as_read(row: asyncpg.Record) -> dict[str, object]:
    names = ("action", "actor", "detail", "division_path", "object", "outcome")
    return {name: row[name] for name in names}


def _as_written(entry: str) -> dict[str, object]:
    try:
        written = msgspec.json.decode(entry, type=dict[str, Any])
    except msgspec.DecodeError:
        return {}
    with_default: dict[str, object] = {"division_path": WHOLE_CITY} | written
    return with_default


def _storable(text: str) -> str:
    # A path may hold what no text column can; the entry is written all the same.
    return text.replace("\0", "\\0").encode("utf-8", "backslashreplace").decode()
