"""The parts of an XLSX file, opened so that no file can make us take more than we grant it.

A spreadsheet is a zip of XML. Both can be made to grow without end, so the zip's directory is
judged before anything is unpacked, XML that declares entities is refused, and no tag or text may
be longer than a spreadsheet's own limits.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from io import BufferedIOBase
from typing import Protocol
from xml.parsers import expat

from sharpeyes.registry.errors import ImportFileError

SHEET_MAX_BYTES = 2 << 30
TEXTS_MAX_BYTES = 160 << 20
"""Of the texts that cells share: they are held in memory."""

_INDEX_MAX_BYTES = 1 << 20
_ENTRIES_MAX = 2000
_RATIO_MAX = 150
_RATIO_JUDGED_BYTES = 16 << 20
_CHUNK_BYTES = 1 << 16
_TAG_MAX_BYTES = 1 << 20
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1
_BROKEN = "the spreadsheet is damaged: open it, and save it again as XLSX"


class Handler(Protocol):
    """What is told of the XML; names come without their prefix."""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Take the start of an element."""

    def end(self, name: str) -> None:
        """Take its end."""

    def text(self, text: str) -> None:
        """Take a piece of text."""


class Package:
    """The zip of a spreadsheet.

    Args:
        source: The file, at its start.

    Raises:
        ImportFileError: It is no zip, is encrypted, or would become too big.
    """

    def __init__(self, source: BufferedIOBase) -> None:
        try:
            self._zip = zipfile.ZipFile(source)
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise ImportFileError(_BROKEN) from error
        entries = self._zip.infolist()
        if len(entries) > _ENTRIES_MAX:
            raise ImportFileError(f"the spreadsheet has {len(entries):,} parts: is it one?")
        for entry in entries:
            _judge(entry)

    def has(self, part: str) -> bool:
        """Tell whether there is such a part."""
        return part in self._zip.namelist()

    def parse(self, part: str, handler: Handler, *, longest: int = _INDEX_MAX_BYTES) -> None:
        """Read a part to its end; as `parsing`."""
        for _ in self.parsing(part, handler, longest=longest):
            pass

    def parsing(self, part: str, handler: Handler, *, longest: int) -> Iterator[None]:
        """Read a part piece by piece, pausing after each.

        Args:
            part: Its name.
            handler: Is told what is in it.
            longest: How many bytes it may have, unpacked.

        Raises:
            ImportFileError: It is missing, damaged, or goes beyond what a spreadsheet may have.
        """
        try:
            entry = self._zip.getinfo(part)
        except KeyError as error:
            raise ImportFileError(f"the file is no spreadsheet: it has no {part}") from error
        if entry.file_size > longest:
            raise ImportFileError(
                f"the spreadsheet is too big: its {part} has {entry.file_size >> 20:,} MB and may "
                f"have {longest >> 20:,}; save it as CSV UTF-8, or in parts"
            )
        parser = _parser(handler)
        fed = 0
        try:
            with self._zip.open(entry) as unpacked:
                while chunk := unpacked.read(_CHUNK_BYTES):
                    parser.Parse(chunk)
                    fed += len(chunk)
                    if fed - max(parser.CurrentByteIndex, 0) > _TAG_MAX_BYTES:
                        raise ImportFileError("the spreadsheet has a tag of more than 1 MB")
                    yield
                parser.Parse(b"", True)  # expat's word for the end
                yield
        except (expat.ExpatError, zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise ImportFileError(_BROKEN) from error


def _judge(entry: zipfile.ZipInfo) -> None:
    if entry.flag_bits & _ENCRYPTED:
        raise ImportFileError("the spreadsheet is encrypted: save it without a password")
    if entry.compress_type not in _COMPRESSIONS:
        raise ImportFileError(_BROKEN)
    packed = max(entry.compress_size, 1)
    if entry.file_size > _RATIO_JUDGED_BYTES and entry.file_size > _RATIO_MAX * packed:
        raise ImportFileError(
            f"the spreadsheet is refused: {packed:,} bytes in it would become {entry.file_size:,}"
        )


def _parser(handler: Handler) -> expat.XMLParserType:
    def start(name: str, attributes: dict[str, str]) -> None:
        handler.start(name.rpartition(":")[2], attributes)

    def end(name: str) -> None:
        handler.end(name.rpartition(":")[2])

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = handler.text
    parser.StartDoctypeDeclHandler = _refuse_doctype
    return parser


def _refuse_doctype(*_: object) -> None:
    raise ImportFileError("the spreadsheet declares entities of its own, which none does: refused")
