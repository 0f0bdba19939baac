"""Doubts: what is filed and reported all the same."""

from datetime import UTC, date, datetime

import msgspec
import pytest

from sharpeyes.registry.camera import CameraFile, PollMode, Tier
from sharpeyes.registry.code_tables import Edition
from sharpeyes.registry.doubting import doubts

NOW = datetime(2026, 11, 21, tzinfo=UTC)
FILE = CameraFile(
    device_code="42010200001320000001",
    name="x",
    tier=Tier.CITY,
    division_code="420102",
    poll_mode=PollMode.DIRECT,
    networked=True,
    recording_days=90,
    accepted_until=date(2026, 11, 21),
)


def test_a_likely_file_is_not_doubted() -> None:
    assert doubts(FILE, now=NOW) == []


def test_an_acceptance_runs_out_by_the_clock_of_china() -> None:
    [doubt] = doubts(FILE, now=datetime(2026, 11, 21, 16, tzinfo=UTC))
    assert doubt.field == "accepted_until"


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"networked": False}, "networked", "says that it hangs on no network, but poll mode"),
        ({"recording_days": 7}, "recording_days", "recordings are to be kept for 30 days"),
        ({"accepted_until": date(2026, 11, 20)}, "accepted_until", "the acceptance has run out"),
        (
            {"device_code": "42010200121320000001"},
            "device_code",
            "industry (digits 9-10) 12 is reserved in the edition of 2016, but in that of 2022",
        ),
        (
            {"device_code": "42010200001220000001"},
            "device_code",
            "type of camera (digits 11-13) 122 is reserved in the edition of 2016",
        ),
        (
            {"device_code": "42010200601320000001"},
            "device_code",
            "industry (digits 9-10) 60 is reserved in the edition of 2016",
        ),
        (
            {"device_code": "42010200001327000001"},
            "device_code",
            "a city point on network 7 (Internet)",
        ),
        (
            {"device_code": "42010200001325000001", "tier": Tier.SOCIAL},
            "device_code",
            "a social point on network 5 (police information network)",
        ),
    ],
)
def test_what_is_unlikely_is_told(changes: dict[str, object], field: str, reason: str) -> None:
    [doubt] = doubts(msgspec.structs.replace(FILE, **changes), now=NOW)
    assert doubt.field == field
    assert doubt.reason.startswith(reason)


def test_an_edition_settles_the_doubt() -> None:
    file = msgspec.structs.replace(FILE, device_code="42010200121220000001")
    assert len(doubts(file, now=NOW)) == 2
    assert doubts(msgspec.structs.replace(file, code_edition=Edition.E2022), now=NOW) == []
