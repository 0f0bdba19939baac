"""Which rows of a file are taken, and what they come to beside what is on file."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from sharpeyes.registry.column_reading import Block, ColumnReader
from sharpeyes.registry.credentials import Connection, CredentialStore
from sharpeyes.registry.device_code import has_code_digits
from sharpeyes.registry.division_lookup import DivisionLookup
from sharpeyes.registry.errors import FieldProblem, shown
from sharpeyes.registry.import_merge import Accepted, BatchMerge, hold, look_up, stored_files
from sharpeyes.registry.import_report import RefusedRow
from sharpeyes.registry.row_reading import NewState, RowReader
from sharpeyes.registry.sheet_opening import OpenSheet
from sharpeyes.registry.sheet_row import BrokenRow, SheetRow


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows that were looked at.

    Attributes:
        rows: Those that came from the file, but for broken ones; to look at them again.
        last_row: Of the batch, and so of the file so far.
        block: New cameras, read together.
        accepted: Others to be merged, read one by one.
        records: Both, as the database wants them.
        same: How many are on file just so, by their digest.
        refused: The others.
    """

    rows: list[SheetRow]
    last_row: int
    block: Block
    accepted: list[Accepted]
    records: list[tuple[object, ...]]
    same: int
    refused: list[RefusedRow]


@dataclass(frozen=True, slots=True)
class _Reading:
    """What reads the rows of a file, as its divisions are now, and what writes them."""

    divisions: DivisionLookup
    rows: RowReader
    columns: ColumnReader
    merge: BatchMerge


class BatchJudge:
    """Reads and checks rows, batch by batch, in the order of the file.

    Args:
        sheet: The file.
        credentials: Where user names and passwords will go.
        now: The time, UTC.
        reach: The path of the division that the rows may change; empty for all.

    Attributes:
        unreadable_rows: Rows without a device code that can be read, so far.
        elsewhere: Device codes that are registered where whoever imports them cannot see.
    """

    def __init__(
        self, sheet: OpenSheet, credentials: CredentialStore, now: datetime, reach: str
    ) -> None:
        self._sheet = sheet
        self._credentials = credentials
        self._now = now
        self._reach = reach
        self._reading: _Reading
        # Numbers take a third of the memory of texts.
        self._first_rows: dict[int, int] = {}
        self.unreadable_rows = 0
        self.elsewhere: frozenset[str] = frozenset()

    async def prepare(self, database: Connection | asyncpg.Pool) -> None:
        """Learn which divisions there are; to be done first, and whenever they have changed."""
        sheet, now = self._sheet, self._now
        divisions = await DivisionLookup.load(database)
        rows = RowReader(sheet.layout, divisions, sheet.name, now, ragged=sheet.ragged)
        columns = ColumnReader(sheet.layout, divisions, rows, now)
        merge = BatchMerge(rows.fields, self._credentials)
        # At once: another batch may be looked at just now.
        self._reading = _Reading(divisions, rows, columns, merge)

    @property
    def merge(self) -> BatchMerge:
        """What writes rows of this file."""
        return self._reading.merge

    def has_seen(self, device_code: str) -> bool:
        """Tell whether a row of the file, taken or not, names this camera."""
        return int(device_code) in self._first_rows

    async def judge(
        self, lines: list[SheetRow | BrokenRow], database: Connection | asyncpg.Pool
    ) -> Batch:
        """Look at the next rows of the file.

        Args:
            lines: At least one.
            database: Where the cameras are.
        """
        rows, refused = self._distinct(lines)
        batch = await self._judge(rows, lines[-1].row, database)
        batch.refused.extend(refused)
        batch.refused.sort(key=lambda one: one.row)
        return batch

    async def judge_again(self, batch: Batch, connection: Connection) -> Batch:
        """Look at a batch once more, and keep its cameras as they are while the transaction lasts.

        Args:
            batch: It.
            connection: In a transaction.
        """
        await hold(connection, [self._reading.rows.code(row) for row in batch.rows])
        again = await self._judge(batch.rows, batch.last_row, connection)
        judged = {row.row for row in batch.rows}
        again.refused.extend(one for one in batch.refused if one.row not in judged)
        again.refused.sort(key=lambda one: one.row)
        return again

    def _distinct(
        self, lines: list[SheetRow | BrokenRow]
    ) -> tuple[list[SheetRow], list[RefusedRow]]:
        """Keep rows that could be read and whose device code was not there before."""
        reader = self._reading.rows
        rows: list[SheetRow] = []
        refused = []
        for line in lines:
            if isinstance(line, BrokenRow):
                self.unreadable_rows += 1
                problem = FieldProblem("", "", line.reason)
                refused.append(RefusedRow(line.row, [line.text], (problem,)))
                continue
            reason = reader.refuse_width(line)
            if reason is not None:
                self.unreadable_rows += 1
                problem = FieldProblem("", "", reason)
                refused.append(RefusedRow(line.row, line.cells, (problem,)))
                continue
            code = reader.code(line)
            if not has_code_digits(code):
                self.unreadable_rows += 1
                rows.append(line)
                continue
            first = self._first_rows.setdefault(int(code), line.row)
            if first == line.row:
                rows.append(line)
            else:
                problem = FieldProblem("device_code", shown(code), f"is in row {first} already")
                refused.append(RefusedRow(line.row, line.cells, (problem,)))
        return rows, refused

    async def _judge(
        self, rows: list[SheetRow], last_row: int, database: Connection | asyncpg.Pool
    ) -> Batch:
        reading = self._reading
        codes, digests = await asyncio.to_thread(_begin, reading.rows, rows)
        known = await look_up(
            database, {c: d for c, d in zip(codes, digests, strict=True) if has_code_digits(c)}
        )
        differing = [
            place for place, code in enumerate(codes) if code not in known or not known[code][1]
        ]
        stored = await stored_files(database, [codes[i] for i in differing if codes[i] in known])

        def judge() -> Batch:
            # Who may not change all of the city gets each row looked at, for its division.
            together = [
                place
                for place in differing
                if not self._reach and codes[place] not in known and has_code_digits(codes[place])
            ]
            block = reading.columns.read(
                [rows[i].cells for i in together],
                [codes[i] for i in together],
                [digests[i] for i in together],
            )
            taken = set(together) - {together[i] for i in block.rest}
            accepted, refused = [], []
            for place in differing:
                if place in taken:
                    continue
                row, code = rows[place], codes[place]
                read, on_file = reading.rows.read(row, code), stored.get(code)
                judged = reading.rows.finish(read, on_file)
                if isinstance(judged, NewState):
                    judged = self._within_reach(judged, reading.divisions)
                if isinstance(judged, NewState):
                    accepted.append(
                        Accepted(
                            file=judged.file,
                            state=judged.state,
                            division_path=reading.divisions.paths[judged.file.division_code],
                            stored_revision=0 if on_file is None else on_file.revision,
                            digest=digests[place],
                            credentials=read.credentials,
                        )
                    )
                else:
                    refused.append(RefusedRow(row.row, row.cells, tuple(judged)))
            records = reading.merge.records(block, accepted)
            same = len(rows) - len(differing)
            return Batch(rows, last_row, block, accepted, records, same, refused)

        return await asyncio.to_thread(judge)

    def _within_reach(
        self, judged: NewState, divisions: DivisionLookup
    ) -> NewState | list[FieldProblem]:
        code, division = judged.file.device_code, judged.file.division_code
        if code in self.elsewhere:
            return [FieldProblem("device_code", code, "is registered beyond what you may see")]
        if divisions.paths[division].startswith(self._reach):
            return judged
        return [FieldProblem("division_code", division, "lies beyond what you may change")]


def _begin(reader: RowReader, rows: Sequence[SheetRow]) -> tuple[list[str], list[bytes]]:
    """Return the device codes and the digests of rows."""
    return [reader.code(row) for row in rows], [reader.digest(row) for row in rows]
