"""How well a judgement fits what was really wrong: a truth log beside transitions and incidents."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from statistics import fmean

import msgspec

from sharpeyes.devices.simulator.city.truth import Played, Released, Struck, TruthLine

EVERYBODY: frozenset[str] = frozenset()
"""The members of an incident that names none."""

_NOTHING = "nothing"


class SeenCause(msgspec.Struct, frozen=True, tag_field="seen", tag="transition"):
    """A judgement's word on a camera.

    Attributes:
        at: When it was said, aware.
        camera: Device code.
        cause: What is wrong; "" for nothing.
    """

    at: datetime
    camera: str
    cause: str


class SeenIncident(msgspec.Struct, frozen=True, tag_field="seen", tag="incident"):
    """An incident that a judgement opened.

    Attributes:
        at: When, aware.
        closed_at: When it was over, aware; None while it is not.
        kind: recorder, switch, link, poller, or the cause of a single camera's.
        cameras: Device codes; none stands for everybody.
    """

    at: datetime
    closed_at: datetime | None
    kind: str
    cameras: frozenset[str] = EVERYBODY


Seen = SeenCause | SeenIncident


class FaultScore(msgspec.Struct):
    """How one fault of a scenario was judged; cameras are counted once for each of its steps.

    Attributes:
        cameras: How many were struck.
        right: For how many the right thing was said while it lasted, or within the grace after it.
        wrong: For how many only something else was said, by what that was; "nothing" for nothing.
        also: What else was said of cameras of which the right thing was said, by what that was;
            each word is counted once for a camera.
        blamed: Of how many cameras, where one common incident was due, a cause was said too: each
            is a ticket that nobody needs.
        delay_p50_s: From the beginning to the right word, median; None without any.
        delay_p99_s: The same, 99th percentile.
        incidents: How many of the right kind were opened.
        expected_incidents: How many should have been: one for each step.
    """

    cameras: int = 0
    right: int = 0
    wrong: dict[str, int] = {}
    also: dict[str, int] = {}
    blamed: int = 0
    delay_p50_s: float | None = None
    delay_p99_s: float | None = None
    incidents: int = 0
    expected_incidents: int = 0


class Score(msgspec.Struct):
    """How well all was judged.

    Attributes:
        faults: By name: that of the step, up to its colon.
        right_ratio: The share of cameras judged rightly, on average over the faults, however many
            cameras each struck; None if there was none.
        worst_ratio: The same of the fault that was judged worst.
        false_causes: How often something was said of a camera with which nothing was wrong then.
        false_incidents: Incidents of a common kind for which there was no such step.
    """

    faults: dict[str, FaultScore]
    right_ratio: float | None
    worst_ratio: float | None
    false_causes: int
    false_incidents: int


class _Episode(msgspec.Struct):
    """A camera and a step: from its first beginning to its last end."""

    step: Struck
    begun: datetime
    ended: datetime | None

    def holds(self, at: datetime, grace: timedelta) -> bool:
        return self.begun <= at and (self.ended is None or at <= self.ended + grace)

    def overlaps(self, incident: SeenIncident, grace: timedelta) -> bool:
        closed = incident.closed_at
        begins_in_time = self.ended is None or incident.at <= self.ended + grace
        return begins_in_time and (closed is None or closed >= self.begun)


def score(
    truth: Iterable[TruthLine],
    seen: Iterable[Seen],
    *,
    grace_s: float,
    words: Mapping[str, str] | None = None,
) -> Score:
    """Compare.

    Where a step should be one incident (`common`), a camera is judged rightly if an incident of
    that kind has it; else if its cause was named. Steps that should be told nothing count only
    through what was falsely said.

    Args:
        truth: The lines of a truth log.
        seen: What the judgement said, in any order.
        grace_s: How long after its end a fault may still be told.
        words: The judgement's words for the truth's, such as {"subnet": "switch"}.
    """
    grace = timedelta(seconds=grace_s)
    episodes = _episodes(truth)
    causes: dict[str, list[SeenCause]] = defaultdict(list)
    incidents: list[SeenIncident] = []
    for one in seen:
        said = _in_our_words(one, words or {})
        if isinstance(said, SeenIncident):
            incidents.append(said)
        elif said.cause:
            causes[said.camera].append(said)
    faults, delays_s = _judge(episodes, causes, incidents, grace)
    for name, of_fault in delays_s.items():
        ordered = sorted(of_fault)
        faults[name].delay_p50_s = _percentile(ordered, 0.50)
        faults[name].delay_p99_s = _percentile(ordered, 0.99)
    shares = [fault.right / fault.cameras for fault in faults.values()]
    return Score(
        faults=faults,
        right_ratio=fmean(shares) if shares else None,
        worst_ratio=min(shares, default=None),
        false_causes=sum(
            not any(episode.holds(said.at, grace) for episode in episodes.get(camera, {}).values())
            for camera, of_camera in causes.items()
            for said in of_camera
        ),
        false_incidents=_count_incidents(episodes, incidents, faults, grace),
    )


def _episodes(truth: Iterable[TruthLine]) -> dict[str, dict[str, _Episode]]:
    """By camera and step."""
    found: dict[str, dict[str, _Episode]] = defaultdict(dict)
    for line in truth:
        match line:
            case Played():
                continue
            case Released():
                found[line.camera][line.step].ended = line.at
            case Struck():
                before = found[line.camera].get(line.step)
                if before is None:
                    found[line.camera][line.step] = _Episode(line, line.at, None)
                else:
                    before.ended = None
    return found


def _judge(
    episodes: Mapping[str, Mapping[str, _Episode]],
    causes: Mapping[str, Sequence[SeenCause]],
    incidents: Sequence[SeenIncident],
    grace: timedelta,
) -> tuple[dict[str, FaultScore], dict[str, list[float]]]:
    faults: dict[str, FaultScore] = {}
    delays_s: dict[str, list[float]] = defaultdict(list)
    of_camera: dict[str, list[SeenIncident]] = defaultdict(list)
    for incident in incidents:
        for camera in incident.cameras:
            of_camera[camera].append(incident)
    of_all = [incident for incident in incidents if not incident.cameras]
    for camera, of_step in episodes.items():
        for episode in of_step.values():
            step = episode.step
            if not step.cause and not step.common:
                continue
            fault = faults.setdefault(_fault_of(step), FaultScore())
            fault.cameras += 1
            said = [
                (incident.at, incident.kind)
                for incident in (*of_camera.get(camera, ()), *of_all)
                if episode.overlaps(incident, grace)
            ]
            of_its_own = [
                (one.at, one.cause)
                for one in causes.get(camera, ())
                if episode.holds(one.at, grace)
            ]
            if step.common:
                others = (other for other in of_step.values() if not other.step.common)
                explained = {other.step.cause for other in others}
                fault.blamed += any(cause not in explained for _, cause in of_its_own)
            else:
                said += of_its_own
            wanted = step.common or step.cause
            right = [at for at, word in said if word == wanted]
            if right:
                fault.right += 1
                for word in {word for _, word in said} - {wanted}:
                    fault.also[word] = fault.also.get(word, 0) + 1
                delays_s[_fault_of(step)].append((min(right) - episode.begun).total_seconds())
            else:
                only = min(said)[1] if said else _NOTHING
                fault.wrong[only] = fault.wrong.get(only, 0) + 1
    return faults, delays_s


def _count_incidents(
    episodes: Mapping[str, Mapping[str, _Episode]],
    incidents: Sequence[SeenIncident],
    faults: Mapping[str, FaultScore],
    grace: timedelta,
) -> int:
    """Count the incidents of each fault; the answer is those of none."""
    common: dict[str, list[tuple[str, _Episode]]] = defaultdict(list)
    for camera, of_step in episodes.items():
        for name, episode in of_step.items():
            if episode.step.common:
                common[name].append((camera, episode))
    for struck in common.values():
        faults[_fault_of(struck[0][1].step)].expected_incidents += 1
    kinds = {struck[0][1].step.common for struck in common.values()} | {
        "recorder",
        "switch",
        "link",
        "poller",
    }
    false = 0
    for incident in incidents:
        meant = {
            _fault_of(struck[0][1].step)
            for struck in common.values()
            if struck[0][1].step.common == incident.kind
            and any(
                (not incident.cameras or camera in incident.cameras)
                and episode.overlaps(incident, grace)
                for camera, episode in struck
            )
        }
        for name in meant:
            faults[name].incidents += 1
        false += not meant and incident.kind in kinds
    return false


def _fault_of(step: Struck) -> str:
    return step.step.partition(":")[0]


def _in_our_words(seen: Seen, words: Mapping[str, str]) -> Seen:
    if isinstance(seen, SeenIncident):
        return msgspec.structs.replace(seen, kind=words.get(seen.kind, seen.kind))
    return msgspec.structs.replace(seen, cause=words.get(seen.cause, seen.cause))


def _percentile(ordered: Sequence[float], share: float) -> float:
    return round(ordered[min(int(share * len(ordered)), len(ordered) - 1)], 3)


def read_seen(path: Path) -> list[Seen]:
    """Read what a judgement said, from JSON lines with `"seen": "transition"` or `"incident"`."""
    decoder: msgspec.json.Decoder[Seen] = msgspec.json.Decoder(Seen)
    with path.open("rb") as file:
        return [decoder.decode(line) for line in file]
