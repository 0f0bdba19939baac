"""What is unlikely about a camera file: filed all the same, and reported."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache

from sharpeyes.registry.camera import CameraFile, Tier
from sharpeyes.registry.cell_dates import CHINA
from sharpeyes.registry.code_tables import CodeTable, Edition
from sharpeyes.registry.device_code import has_code_digits
from sharpeyes.registry.device_code_tables import CAMERA_TYPES, INDUSTRIES, NETWORKS
from sharpeyes.registry.errors import FieldDoubt, shown

_PREFIXES_KEPT = 65_536
_LEAST_RECORDING_DAYS = 30

_INTERNET = "7"
_POLICE_INFORMATION = "5"
_PUBLIC_TIERS = (Tier.CITY, Tier.DISTRICT)


def doubts(camera_file: CameraFile, *, now: datetime) -> list[FieldDoubt]:
    """Look for what is likely to be a mistake in a file that `validate` accepts.

    Args:
        camera_file: Tidied and valid.
        now: The time, UTC.
    """
    found = []
    if has_code_digits(camera_file.device_code):
        reasons = _doubt_code(
            camera_file.device_code[8:14], camera_file.code_edition, camera_file.tier
        )
        found = [FieldDoubt("device_code", camera_file.device_code, reason) for reason in reasons]
    if camera_file.networked is False and camera_file.poll_mode.at_any_time:
        reason = (
            f"says that it hangs on no network, but poll mode {camera_file.poll_mode} asks it "
            "(the sheet writes 0 for networked)"
        )
        found.append(FieldDoubt("networked", "no", reason))
    days = camera_file.recording_days
    if days is not None and days < _LEAST_RECORDING_DAYS:
        reason = f"recordings are to be kept for {_LEAST_RECORDING_DAYS} days at least"
        found.append(FieldDoubt("recording_days", str(days), reason))
    until = camera_file.accepted_until
    if until is not None and until < now.astimezone(CHINA).date():
        found.append(FieldDoubt("accepted_until", shown(until), "the acceptance has run out"))
    return found


@lru_cache(_PREFIXES_KEPT)
def _doubt_code(digits: str, edition: Edition, tier: Tier) -> tuple[str, ...]:
    """Look at industry, type and network of a device code: its digits 9 to 14."""
    return tuple(_doubts_of_code(digits[:2], digits[2:5], digits[5:], edition, tier))


def _doubts_of_code(
    industry: str, type_code: str, network: str, edition: Edition, tier: Tier
) -> Iterator[str]:
    for table, digits in ((INDUSTRIES, industry), (CAMERA_TYPES, type_code)):
        if table.meaning(int(digits), edition) is None:
            yield _without_meaning(table, digits, edition)
    meaning = NETWORKS.meaning(int(network), edition)
    name = meaning.en if meaning else ""
    if tier is Tier.SOCIAL and network == _POLICE_INFORMATION:
        yield f"a social point on network {network} ({name})"
    if tier in _PUBLIC_TIERS and network == _INTERNET:
        yield f"a {tier.word} point on network {network} ({name})"


def _without_meaning(table: CodeTable, digits: str, edition: Edition) -> str:
    others = [str(other.value) for other in table.editions_of(int(digits))]
    elsewhere = f", but in that of {others[0]}: is code_edition right?" if others else ""
    return f"{table.en} {digits} is reserved in the edition of {edition.value}{elsewhere}"
