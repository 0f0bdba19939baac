"""Zones in a JSON file: what `sharpeyes detect --zones` reads and `sharpeyes zone` exchanges."""

from pathlib import Path

import msgspec

from sharpeyes.detectors.errors import DetectorError
from sharpeyes.detectors.zones import Zone, ZoneKind, validate_zones
from sharpeyes.service.cli.output import CliError

_MAX_BYTES = 4_000_000


class ZonesFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    zones: tuple[Zone, ...]


def read_zones(path: Path) -> tuple[Zone, ...]:
    """Read and check the zones of one camera.

    Raises:
        CliError: The file cannot be read, or a zone in it is wrong; the message names it.
    """
    try:
        with path.open("rb") as source:
            data = source.read(_MAX_BYTES + 1)
    except OSError as error:
        raise CliError(f"zones file {path}: {error.strerror}") from error
    if len(data) > _MAX_BYTES:
        raise CliError(f"zones file {path}: is larger than {_MAX_BYTES} bytes")
    try:
        return validate_zones(msgspec.json.decode(data, type=ZonesFile).zones)
    except msgspec.ValidationError as error:
        advice = f" (there are {', '.join(ZoneKind)})" if "enum value" in str(error) else ""
        raise CliError(f"zones file {path}: {error}{advice}") from error
    except (msgspec.DecodeError, DetectorError) as error:
        raise CliError(f"zones file {path}: {error}") from error
