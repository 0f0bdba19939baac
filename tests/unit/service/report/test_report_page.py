"""The page of a month, made of figures that are hard to write."""

import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import msgspec
import pytest

from sharpeyes.health.availability import Standing, Tally
from sharpeyes.health.availability_figures import Value, availability
from sharpeyes.health.availability_report import AvailabilityRow
from sharpeyes.health.clock_figures import ClockFigures, FleetClocks
from sharpeyes.health.month import CameraMonth, GroupMonth, MonthFigures
from sharpeyes.registry.completeness import CompletenessReport, Filing
from sharpeyes.registry.coverage import CoverageReport
from sharpeyes.registry.division import Level
from sharpeyes.registry.figures import figure
from sharpeyes.service.report.month_report import MonthError, MonthReport, parse_month
from sharpeyes.service.report.page import report_page
from sharpeyes.service.report.style import STYLE
from sharpeyes.service.report.words import Language, words

ZONE = ZoneInfo("Asia/Shanghai")
SINCE, UNTIL = datetime(2026, 9, 30, 16, tzinfo=UTC), datetime(2026, 10, 31, 16, tzinfo=UTC)
HOUR_US = 3_600_000_000
NONE = figure(0, 0)
NO_TIME = Value(value=None, base=0, base_unit="cameras", why_not="tells_no_time")
CLOCKS = ClockFigures(
    maker=None,
    within_1_s=NONE,
    within_5_s=figure(0, 0, tells_no_time=7),
    within_60_s=NONE,
    median_s=NO_TIME,
    mislabelled=0,
)


def month(hours: dict[Standing, int], name: str = "解放大道") -> MonthReport:
    sums = Tally({its: length * HOUR_US for its, length in hours.items()}, faults=1)
    figures = availability(sums)
    group = GroupMonth(key="city", cameras=figure(2, 2, on_request=1), availability=figures)
    filing = Filing(cameras=3, complete=figure(1, 3), required_fields=NONE, networked=NONE)
    return MonthReport(
        month="2026-10",
        time_zone=ZONE.key,
        as_of=datetime(2026, 11, 2, tzinfo=UTC),
        is_over=True,
        division=None,
        availability=MonthFigures(
            since=SINCE,
            until=UNTIL,
            total=group,
            by_tier=[group],
            by_division=[msgspec.structs.replace(group, key="420102")],
            worst_streets=[],
            worst_makers=[msgspec.structs.replace(group, key="5")],
            worst_cameras=[
                CameraMonth(
                    device_code="42010200001320000001",
                    name=name,
                    division_code="420102",
                    availability=figures,
                )
            ],
        ),
        days=[AvailabilityRow(key="2026-10-02", availability=figures)],
        coverage=CoverageReport(
            as_of=UNTIL,
            level=Level.DISTRICT,
            total=NONE,
            by_tier={},
            by_kind={},
            by_division=[],
            judged_by={},
            positions=NONE,
            gaps=[],
        ),
        filing=CompletenessReport(
            as_of=UNTIL,
            level=Level.DISTRICT,
            total=filing,
            by_tier={},
            by_division=[],
            by_field=[],
        ),
        clocks=FleetClocks(total=CLOCKS, by_maker=[CLOCKS]),
        recording_days_filed=figure(1, 2, not_filed=1),
        recording_days_measured=figure(0, 0, recorders_not_asked=3),
        names={"420102": ("江岸区", "Jiang'an")},
    )


class Parts(HTMLParser):
    """What the page is made of."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def parts_of(page: str) -> Parts:
    parts = Parts()
    parts.feed(page)
    return parts


GOOD = {Standing.WELL: 1487, Standing.OFFLINE: 1, Standing.MAINTENANCE: 9}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_it_needs_nothing_from_elsewhere(language: Language) -> None:
    parts = parts_of(report_page(month(GOOD), language))
    assert not parts.tags & {"script", "img", "link", "iframe", "object", "embed", "a"}
    assert not {name for name in parts.attributes if name.startswith("on")}
    assert not parts.attributes & {"src", "href", "style"}
    assert not re.search(r"url\(|@import|http", STYLE)


def test_a_figure_says_of_what_it_is_and_whether_it_is_enough() -> None:
    page = report_page(month(GOOD), "en")
    assert "99.933 %" in page
    assert "≥ 98 %" in page
    assert page.count("✔ met") == 1
    assert page.count("✘ missed") == 1
    assert "of 3 cameras; 1 on request only" in page


def test_what_cannot_be_computed_says_why() -> None:
    page = report_page(month({Standing.ON_REQUEST: 744}), "en")
    text = " ".join(parts_of(page).texts)
    for why in (
        "because: nothing was measured",
        "because: nothing could be judged",
        "because: no fault was repaired",
        "because: no key place is on file",
        "because: not asked for recordings yet",
        "because: tells no time",
    ):
        assert why in text
    assert not re.search(r"\bnan\b", text.lower())
    assert "None" not in text


def test_names_are_text() -> None:
    page = report_page(month(GOOD, name="<script>alert(1)</script>"), "zh")
    assert "script" not in parts_of(page).tags


def test_both_languages_have_all_words() -> None:
    chinese, english = words("zh"), words("en")
    assert all(chinese.values())
    assert all(english.values())
    assert not [word for word in english.values() if re.search(r"[\u4e00-\u9fff]", word)]
    assert {standing.value for standing in Standing} <= chinese.keys()


def test_a_month_is_the_citys() -> None:
    assert parse_month("2026-10", ZONE, UNTIL) == (SINCE, UNTIL)
    berlin = ZoneInfo("Europe/Berlin")
    since, until = parse_month("2026-10", berlin, UNTIL)
    assert (until - since).total_seconds() == 31 * 86_400 + 3600


@pytest.mark.parametrize("text", ["2026-13", "2026-1", "october", "2027-01", ""])
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(MonthError):
        parse_month(text, ZONE, UNTIL)
