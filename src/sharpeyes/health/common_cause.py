"""Which of the cameras that do not answer fail for one reason; pure.

A camera belongs to several groups: its recorder, its /24, its access network, its district, and the
machine that asks it. Where a large share of a group has failed at about the same time, that is
one fault. Of several groups that would explain it, the one is blamed that explains most and has
the fewest well cameras: for a group with `failed` of `members`, ``failed - share * members``. It is
above 0 exactly where the share is exceeded, grows with what is explained, and falls with each well
camera that a too large group would drag in: so a dead switch is told from a dead district around
it, and from the dead /24s within it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import msgspec

from sharpeyes.health.incident import IncidentKind
from sharpeyes.health.incident_settings import CommonCauseSettings

# All channels of a device share its fate, and it may have few.
_RECORDER_LEAST: Final = 2
_RECORDER_RATIO: Final = 0.5
# Where two groups explain the same, the smaller thing is blamed.
_NARROW_FIRST: Final = tuple(IncidentKind)
# With half of what it takes, it may yet come to that.
_SUSPICIOUS: Final = 0.5
# From this share of a sample on, a group is taken to have failed as a whole.
_MOST: Final = 0.5
# Where most of a group is found silent, its cameras are waited for so much longer.
_SILENT_HOLDS: Final = 4


class Group(NamedTuple):
    """What cameras have in common."""

    kind: IncidentKind
    key: str


_NOT_LOOKED_AT: Final[Mapping[Group, float]] = {}


class Suspect(msgspec.Struct, frozen=True):
    """A camera that does not answer, and of which it is not known whether it is its own fault.

    Attributes:
        camera_id: which.
        began_at: when it failed first, UTC.
        groups: what it belongs to.
    """

    camera_id: int
    began_at: datetime
    groups: tuple[Group, ...]


class Trouble(msgspec.Struct, frozen=True):
    """A group that has failed.

    Attributes:
        group: which.
        camera_ids: its cameras that failed.
        members: how many it has in all.
        began_at: when the first failed.
    """

    group: Group
    camera_ids: tuple[int, ...]
    members: int
    began_at: datetime


class Findings(msgspec.Struct, frozen=True):
    """What is to be done about the suspects; who is in none of these is waited for.

    Attributes:
        troubles: groups that have failed.
        alone: cameras that failed by themselves.
        joining: cameras whose group is known to have failed.
    """

    troubles: tuple[Trouble, ...] = ()
    alone: tuple[int, ...] = ()
    joining: tuple[tuple[Group, int], ...] = ()


def find_common_causes(
    suspects: Sequence[Suspect],
    members: Mapping[Group, int],
    unclosed: Collection[Group],
    now: datetime,
    settings: CommonCauseSettings,
    *,
    hold_s: float,
    sees: bool | None = None,
    silent: Mapping[Group, float] = _NOT_LOOKED_AT,
) -> Findings:
    """Judge the cameras that do not answer.

    Args:
        suspects: all of them.
        members: how many cameras each of their groups has, without those known to be down.
        unclosed: groups that are known to have failed.
        now: the present, UTC.
        settings: the thresholds.
        hold_s: how long a camera is waited for after its first failure; at least as long as one
            round of asking, or the others have not been asked.
        sees: whether our canaries answer; None: there are none.
        silent: of groups that were looked at, the share of those that answered before and do not
            any more; see `worth_a_look`.
    """
    joining = []
    rest: dict[int, Suspect] = {}
    for suspect in suspects:
        known = next((group for group in suspect.groups if group in unclosed), None)
        if known is None:
            rest[suspect.camera_id] = suspect
        else:
            joining.append((known, suspect.camera_id))
    troubles = []
    while (found := _worst(rest, members, settings, sees, silent)) is not None:
        for camera_id in found.camera_ids:
            del rest[camera_id]
        if now >= found.began_at + timedelta(seconds=hold_s):
            troubles.append(found)
    alone = _alone(rest, members, now, settings, hold_s=hold_s, silent=silent)
    return Findings(tuple(troubles), alone, tuple(joining))


def _worst(
    suspects: Mapping[int, Suspect],
    members: Mapping[Group, int],
    settings: CommonCauseSettings,
    sees: bool | None,
    silent: Mapping[Group, float],
) -> Trouble | None:
    """Return the group that explains most, if any has failed."""
    best: Trouble | None = None
    best_score = (False, 0.0, 0)
    for group, failed in _by_group(suspects.values()).items():
        ratio, least = thresholds(group, settings)
        count = members.get(group, 0)
        together = _at_about_the_same_time(failed, settings.within_s)
        if len(together) < least:
            continue
        is_ours = group.kind is IncidentKind.POLLER
        if is_ours and sees is True:
            continue
        failed_in_all = max(float(len(together)), _silent_in(group, count, silent))
        if failed_in_all < ratio * count and not (is_ours and sees is False):
            continue
        score = (is_ours, failed_in_all - ratio * count, -_NARROW_FIRST.index(group.kind))
        if best is None or score > best_score:
            best_score = score
            ids = tuple(suspect.camera_id for suspect in together)
            best = Trouble(group, ids, count, min(s.began_at for s in together))
    return best


def _alone(
    suspects: Mapping[int, Suspect],
    members: Mapping[Group, int],
    now: datetime,
    settings: CommonCauseSettings,
    *,
    hold_s: float,
    silent: Mapping[Group, float],
) -> tuple[int, ...]:
    failed = {group: len(those) for group, those in _by_group(suspects.values()).items()}

    def is_suspicious(group: Group) -> bool:
        ratio, least = thresholds(group, settings)
        count = members.get(group, 0)
        return count >= least and failed[group] >= _SUSPICIOUS * max(ratio * count, least)

    hold = timedelta(seconds=hold_s)
    longest = timedelta(seconds=max(hold_s, settings.longest_hold_s))

    def is_waited_for(suspect: Suspect) -> bool:
        return now < suspect.began_at + _SILENT_HOLDS * longest and any(
            _silent_in(group, members.get(group, 0), silent) for group in suspect.groups
        )

    return tuple(
        suspect.camera_id
        for suspect in suspects.values()
        if (now >= suspect.began_at + longest and not is_waited_for(suspect))
        or (
            now >= suspect.began_at + hold
            and not is_waited_for(suspect)
            and not any(map(is_suspicious, suspect.groups))
        )
    )


def worth_a_look(
    suspects: Sequence[Suspect], members: Mapping[Group, int], settings: CommonCauseSettings
) -> list[Group]:
    """Return the groups of which it is to be seen whether the others answer yet.

    So many of them have failed that all may have, and not so many that it shows.
    """
    found = []
    for group, failed in _by_group(suspects).items():
        ratio, least = thresholds(group, settings)
        count = members.get(group, 0)
        if count >= least and _SUSPICIOUS * least <= len(failed) < max(ratio * count, least):
            found.append(group)
    return found


def _silent_in(group: Group, count: int, silent: Mapping[Group, float]) -> float:
    """Return how many cameras of a group do not answer, by a sample; 0 where most of it do."""
    share = silent.get(group, 0.0)
    return share * count if share >= _MOST else 0.0


def _by_group(suspects: Collection[Suspect]) -> Mapping[Group, list[Suspect]]:
    found: dict[Group, list[Suspect]] = defaultdict(list)
    for suspect in suspects:
        for group in suspect.groups:
            found[group].append(suspect)
    return found


def _at_about_the_same_time(suspects: Sequence[Suspect], within_s: float) -> list[Suspect]:
    """Return the most of them that failed within a time."""
    ordered = sorted(suspects, key=lambda suspect: suspect.began_at)
    window = timedelta(seconds=within_s)
    begin = best_begin = best_end = 0
    for end, suspect in enumerate(ordered):
        while suspect.began_at - ordered[begin].began_at > window:
            begin += 1
        if end + 1 - begin > best_end - best_begin:
            best_begin, best_end = begin, end + 1
    return ordered[best_begin:best_end]


def thresholds(group: Group, settings: CommonCauseSettings) -> tuple[float, int]:
    """Return the share of a group and the number of cameras from which it has failed."""
    if group.kind is IncidentKind.RECORDER:
        return _RECORDER_RATIO, _RECORDER_LEAST
    if group.kind is IncidentKind.POLLER:
        return settings.blind_ratio, settings.least_cameras
    return settings.share_ratio, settings.least_cameras
