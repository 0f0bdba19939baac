from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharpeyes.health.availability import (
    FAULTS,
    INTACT,
    Change,
    Filed,
    Gap,
    Interval,
    Standing,
    Tally,
    standing_of,
    tally,
    timeline,
)
from sharpeyes.health.availability_figures import availability
from sharpeyes.registry.camera import Life, PollMode

DAY = datetime(2026, 10, 3, tzinfo=UTC)
MINUTES = 24 * 60
# A status and a cause, and as what they count.
COUNTED = {
    ("ok", ""): Standing.WELL,
    ("degraded", "slow"): Standing.IMPAIRED,
    ("degraded", "clock"): Standing.IMPAIRED,
    ("degraded", "auth"): Standing.UNSEEN,
    ("degraded", "frozen"): Standing.FAULTY,
    ("offline", "network"): Standing.OFFLINE,
    ("offline", "no_frames"): Standing.OFFLINE,
    ("unreachable", "network"): Standing.UNREACHABLE,
    ("unknown", ""): Standing.UNKNOWN,
}


def at(minute: float) -> datetime:
    return DAY + timedelta(minutes=minute)


def filed(minute: float, life: str = Life.IN_SERVICE, **fields: object) -> Filed:
    return Filed(
        at(minute),
        life,
        str(fields.get("poll_mode", PollMode.DIRECT)),
        str(fields.get("division_code", "420102")),
        1,
    )


T = TypeVar("T")


def latest(records: list[tuple[int, T]], minute: int, before_all: T) -> T:
    """Return what was said last; a stamp before an earlier one counts as that one."""
    stamp, found = 0, before_all
    for stamped, record in records:
        stamp = max(stamp, stamped)
        if stamp <= minute:
            found = record
    return found


def counted(file: Filed, status: tuple[str, str], *, is_asked: bool) -> Standing | None:
    if file.life == "removed":
        return None
    if file.life != "in_service":
        return Standing(file.life)
    if file.poll_mode in {"on_request", "none"}:
        return {"on_request": Standing.ON_REQUEST, "none": Standing.NEVER}[file.poll_mode]
    return COUNTED[status] if is_asked else Standing.UNKNOWN


def recomputed(
    changes: list[tuple[int, tuple[str, str]]],
    files: list[tuple[int, Filed]],
    gaps: list[tuple[int, int]],
    window: tuple[int, int],
) -> dict[str, Counter[str]]:
    """Go through the day minute by minute and look up what was so: by none of our own sums.

    Times are minutes of the day. Returned by division: minutes by standing, and faults.
    """
    found: dict[str, Counter[str]] = {}
    fault_minutes: int | None = None
    for minute in range(files[0][0], window[1]):
        file = latest(files, minute, files[0][1])
        status = latest(changes, minute, ("unknown", ""))
        is_asked = not any(begins <= minute < ends for begins, ends in gaps)
        standing = counted(file, status, is_asked=is_asked)
        counts = found.setdefault(file.division_code, Counter())
        within = minute >= window[0]
        if standing in FAULTS:
            if fault_minutes is None:
                counts["faults"] += within
            fault_minutes = (fault_minutes or 0) + 1
        elif standing in INTACT and fault_minutes is not None:
            counts["repaired"] += within
            counts["repair_minutes"] += within * fault_minutes
            fault_minutes = None
        if within and standing is not None:
            counts[standing.value] += 1
    return {code: +counts for code, counts in found.items() if +counts}


MINUTE = st.integers(0, MINUTES)
CHANGES = st.lists(st.tuples(MINUTE, st.sampled_from(sorted(COUNTED))), max_size=12)
FILES = st.tuples(
    st.integers(0, 200),
    st.lists(
        st.tuples(
            MINUTE,
            st.sampled_from(list(Life)),
            st.sampled_from(list(PollMode)),
            st.sampled_from(["420102", "420103"]),
        ),
        max_size=4,
    ),
)
GAPS = st.lists(st.tuples(MINUTE, MINUTE), max_size=3)


# Stamps are in any order: our own clock may jump.
@given(CHANGES, FILES, GAPS, st.tuples(MINUTE, MINUTE).map(sorted))
def test_each_figure_equals_a_recomputation_minute_by_minute(
    changes: list[tuple[int, tuple[str, str]]],
    files: tuple[int, list[tuple[int, str, str, str]]],
    gaps: list[tuple[int, int]],
    window: list[int],
) -> None:
    first, later = files
    records = [(first, filed(first))] + [
        (minute, filed(minute, life, poll_mode=mode, division_code=division))
        for minute, life, mode, division in later
    ]
    intervals = timeline(
        [Change(at(minute), *known) for minute, known in changes],
        [record for _, record in records],
        [Gap(at(begins), at(ends)) for begins, ends in gaps],
        at(window[1]),
    )
    sums: dict[str, Tally] = {}
    for file, part in tally(intervals, at(window[0]), at(window[1])):
        sums.setdefault(file.division_code, Tally()).add(part)
    found = {
        code: +Counter(
            {standing.value: us // 60_000_000 for standing, us in of.times_us.items()}
            | {
                "faults": of.faults,
                "repaired": of.repaired,
                "repair_minutes": of.repair_us // 60_000_000,
            }
        )
        for code, of in sums.items()
    }
    expected = recomputed(changes, records, gaps, (window[0], window[1]))
    assert {code: counts for code, counts in found.items() if counts} == expected


@given(CHANGES, FILES, GAPS)
def test_intervals_have_no_holes_and_never_go_back(
    changes: list[tuple[int, tuple[str, str]]],
    files: tuple[int, list[tuple[int, str, str, str]]],
    gaps: list[tuple[int, int]],
) -> None:
    intervals = timeline(
        [Change(at(minute), *known) for minute, known in changes],
        [filed(files[0])],
        [Gap(at(begins), at(ends)) for begins, ends in gaps],
        at(MINUTES),
    )
    assert intervals[0].since == at(files[0])
    assert intervals[-1].until == at(MINUTES)
    for before, after in pairwise(intervals):
        assert before.since < before.until == after.since
        assert (before.standing, before.cause) != (after.standing, after.cause)


@pytest.mark.parametrize(("known", "standing"), COUNTED.items())
def test_each_status_counts_as_one_thing(known: tuple[str, str], standing: Standing) -> None:
    assert standing_of(*known) is standing


def test_a_fault_of_the_picture_that_is_not_known_yet_is_no_intact_time() -> None:
    assert standing_of("degraded", "sprayed") is Standing.FAULTY


def sums_of(*lasted: tuple[Standing, float]) -> Tally:
    intervals, minute = [], 0.0
    for standing, minutes in lasted:
        intervals.append(Interval(at(minute), at(minute + minutes), standing, "", filed(0)))
        minute += minutes
    sums = Tally()
    for _, part in tally(intervals, at(0), at(minute)):
        sums.add(part)
    return sums


def test_rates_say_of_how_many_hours_they_are() -> None:
    figures = availability(
        sums_of(
            (Standing.WELL, 540),
            (Standing.OFFLINE, 60),
            (Standing.MAINTENANCE, 300),
            (Standing.OFFLINE, 60),
            (Standing.UNSEEN, 60),
            (Standing.UNKNOWN, 60),
            (Standing.WELL, 60),
        )
    )
    assert figures.online_rate.value == pytest.approx(84.615)
    assert figures.online_rate.base == 13
    assert figures.intact_rate.value == pytest.approx(83.333)
    assert figures.intact_rate.base == 12
    # One fault: the mending in its middle is no second one, and its time is not down time.
    assert (figures.faults.value, figures.repaired) == (1, 1)
    assert figures.mean_time_to_repair_h.value == 2
    assert figures.hours["unknown"] == 1
    assert figures.hours["maintenance"] == 5


def test_what_cannot_be_computed_says_why() -> None:
    figures = availability(sums_of((Standing.ON_REQUEST, 60), (Standing.UNKNOWN, 60)))
    for figure in (figures.online_rate, figures.faults):
        assert (figure.value, figure.why_not) == (None, "nothing_measured")
    assert figures.intact_rate.why_not == "nothing_judged"
    assert figures.mean_time_to_repair_h.why_not == "no_fault_repaired"
    unseen = availability(sums_of((Standing.UNSEEN, 60)))
    assert (unseen.online_rate.value, unseen.intact_rate.value) == (100, None)


def test_nearly_all_is_not_all() -> None:
    figures = availability(sums_of((Standing.WELL, 1_000_000), (Standing.OFFLINE, 0.001)))
    assert figures.online_rate.value == 99.999
