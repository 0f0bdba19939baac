"""Mapping files: what the columns of somebody else's sheet are called here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec

from sharpeyes.registry.errors import ImportFileError

_MAX_BYTES = 1 << 20

Text = Annotated[str, msgspec.Meta(max_length=500)]


class SheetMapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a mapping file says.

    Attributes:
        columns: The target (see `SheetField`) that each heading stands for; "" leaves
            that column out on purpose. Where the sheet has no header, the headings are the
            columns' numbers from "1" on.
        constants: Targets that have one value in all rows.
        header: Whether the sheet's first row names its columns.
    """

    columns: dict[Text, Text] = {}
    constants: dict[Text, str | int | float | bool] = {}
    header: bool = True


NO_MAPPING = SheetMapping()


def read_mapping(path: Path) -> SheetMapping:
    """Read a mapping file, TOML or JSON by its name.

    Raises:
        ImportFileError: It is neither, or says something else.
    """
    data = path.read_bytes()[: _MAX_BYTES + 1]
    if len(data) > _MAX_BYTES:
        raise ImportFileError(f"the mapping {path} is longer than 1 MB: is it one?")
    decode = msgspec.json.decode if path.suffix.lower() == ".json" else msgspec.toml.decode
    try:
        return decode(data, type=SheetMapping)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        # The reasons of TOML's reader may go over several lines.
        reason = " ".join(str(error).split())
        raise ImportFileError(f"the mapping {path} cannot be read: {reason}") from error
