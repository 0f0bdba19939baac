"""What a camera said last, and what of it is news; pure.

A camera tells how things are whenever somebody subscribes, and many tell every second that what
began is still so. An alarm is told when it begins and when it is over.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec

from sharpeyes.devices.device_clock import read_moment
from sharpeyes.devices.onvif_messages import EventMessage, Operation
from sharpeyes.events.payload import AlarmKind
from sharpeyes.ingest.camera_topics import (
    AlarmTopic,
    alarm_of,
    fate_of,
    state_in,
)
from sharpeyes.ingest.heard_topics import TopicFate

_QUIET_AFTER: Final = timedelta(minutes=10)
"""Motion of which nothing was said for so long is over: some makers never say so."""
_OLDEST_S: Final = 600.0
"""What a camera calls older than this has happened now: its clock was set meanwhile."""
_RESTART_STEP: Final = timedelta(minutes=1)
_MOST_OPEN: Final = 64
"""Parts of one camera that can be in alarm at once; a camera that invents names has no more."""
_MOST_TOLD: Final = 120
_TOLD_IN: Final = timedelta(hours=1)
"""A camera that tells of more alarms than that in this time is not believed for the rest of it."""
_LONGEST_SOURCE: Final = 200


class OpenAlarm(msgspec.Struct, frozen=True, kw_only=True):
    """An alarm that was told as begun.

    Attributes:
        kind: what it is about.
        topic: the camera's word for it.
        source: which of its parts, as the camera names it.
        started_at: when, by our clock.
        heard_at: when the camera said so last.
    """

    kind: AlarmKind
    topic: str
    source: str
    started_at: datetime
    heard_at: datetime


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be told.

    Attributes:
        alarm: how its topic is understood.
        phase: which step it is.
        topic: the camera's word for it.
        source: which of its parts.
        at: when it happened, by our clock.
        started_at: when the alarm began.
        camera_time: the camera's clock at this step; None where it did not say.
        told_at: the time that the camera gave, in its words, or ours where it gave none: makes
            the step one, however often it is told.
    """

    alarm: AlarmTopic
    phase: Literal["start", "alert", "end"]
    topic: str
    source: str
    at: datetime
    started_at: datetime
    camera_time: datetime | None
    told_at: str


class AlarmBook:
    """Of one camera.

    Attributes:
        open: alarms that were told as begun, by topic and source.
        raised: topics of what the camera holds against its own picture.

    Args:
        motion_min_interval: least time between two beginnings of motion that are told.
        open_alarms: what was open when the camera was listened to last.
    """

    def __init__(
        self, motion_min_interval: timedelta, open_alarms: Iterable[OpenAlarm] = ()
    ) -> None:
        self.open = {(alarm.topic, alarm.source): alarm for alarm in open_alarms}
        self._motion_min_interval = motion_min_interval
        self._motion_told_at: datetime | None = None
        # So, but not told: it was before we came, or too soon after the last.
        self._silent: set[tuple[str, str]] = set()
        self._raised: set[tuple[str, str]] = set()
        self._restarted_at: datetime | None = None
        self._told: deque[datetime] = deque(maxlen=_MOST_TOLD)

    @property
    def raised(self) -> frozenset[str]:
        """Topics of what the camera holds against its own picture."""
        return frozenset(topic for topic, _ in self._raised)

    def lose(self) -> None:
        """Forget what only counts while the camera is listened to."""
        self._raised.clear()
        self._silent.clear()

    def take_in(self, messages: Iterable[EventMessage], now: datetime) -> list[Step]:
        """Return what is news.

        Args:
            messages: as the camera told them.
            now: when they came, UTC.
        """
        steps = self._quiet(now)
        for message in messages:
            name = (message.topic, _source(message))
            match fate_of(message.topic):
                case TopicFate.VERDICT:
                    self._judge(name, message)
                case TopicFate.ALARM:
                    step = self._step(name, message, now)
                    steps += [] if step is None else [step]
        return steps

    def _judge(self, name: tuple[str, str], message: EventMessage) -> None:
        state = state_in(message.data or {}, ("State",))
        if message.operation is Operation.DELETED or state is False:
            self._raised.discard(name)
        elif state and len(self._raised) < _MOST_OPEN:
            self._raised.add(name)

    def _step(self, name: tuple[str, str], message: EventMessage, now: datetime) -> Step | None:
        alarm = alarm_of(message.topic)
        assert alarm is not None
        if not alarm.items:
            return self._restart(alarm, name, message, now)
        state = state_in(message.data or {}, alarm.items)
        if message.operation is Operation.DELETED:
            state = False
        if state is None:
            if message.operation is Operation.INITIALIZED or not self._may_tell(now):
                return None
            return _told(alarm, "alert", name, message, now)
        return self._begin(alarm, name, message, now) if state else self._end(name, message, now)

    def _begin(
        self, alarm: AlarmTopic, name: tuple[str, str], message: EventMessage, now: datetime
    ) -> Step | None:
        known = self.open.get(name)
        if known is not None:
            self.open[name] = msgspec.structs.replace(known, heard_at=now)
            return None
        if name in self._silent or len(self.open) + len(self._silent) >= _MOST_OPEN:
            return None
        is_motion = alarm.kind == "motion"
        last = self._motion_told_at
        too_soon = is_motion and last is not None and now - last < self._motion_min_interval
        if message.operation is Operation.INITIALIZED or too_soon or not self._may_tell(now):
            self._silent.add(name)
            return None
        step = _told(alarm, "start", name, message, now)
        if is_motion:
            self._motion_told_at = now
        self.open[name] = OpenAlarm(
            kind=alarm.kind,
            topic=step.topic,
            source=step.source,
            started_at=step.at,
            heard_at=now,
        )
        return step

    def _may_tell(self, now: datetime) -> bool:
        """Note that an alarm is to be told; False: it is one too many."""
        is_full = len(self._told) == _MOST_TOLD and now - self._told[0] < _TOLD_IN
        if not is_full:
            self._told.append(now)
        return not is_full

    def _end(self, name: tuple[str, str], message: EventMessage, now: datetime) -> Step | None:
        self._silent.discard(name)
        known = self.open.pop(name, None)
        alarm = alarm_of(message.topic)
        if known is None or alarm is None:
            return None
        step = _told(alarm, "end", name, message, now)
        at = max(step.at, known.started_at)
        return msgspec.structs.replace(step, at=at, started_at=known.started_at)

    def _quiet(self, now: datetime) -> list[Step]:
        """End motion that nobody has spoken of for long."""
        over = [
            alarm
            for alarm in self.open.values()
            if alarm.kind == "motion" and now - alarm.heard_at > _QUIET_AFTER
        ]
        steps = []
        for known in over:
            del self.open[known.topic, known.source]
            alarm = alarm_of(known.topic)
            assert alarm is not None
            step = Step(
                alarm=alarm,
                phase="end",
                topic=known.topic,
                source=known.source,
                at=known.heard_at,
                started_at=known.started_at,
                camera_time=None,
                told_at=known.heard_at.isoformat(),
            )
            steps.append(step)
        return steps

    def _restart(
        self, alarm: AlarmTopic, name: tuple[str, str], message: EventMessage, now: datetime
    ) -> Step | None:
        """Tell of a restart when the camera names a later one to who has subscribed anew.

        A later one that comes in between is its clock that was set.
        """
        moments = (read_moment(value) for value in (message.data or {}).values())
        at = next((moment for moment in moments if moment), None)
        before, self._restarted_at = self._restarted_at, at or self._restarted_at
        is_anew = message.operation is Operation.INITIALIZED
        if not is_anew or at is None or before is None or at - before < _RESTART_STEP:
            return None
        step = _told(alarm, "alert", name, message, now)
        return msgspec.structs.replace(step, told_at=at.isoformat())


def _told(
    alarm: AlarmTopic,
    phase: Literal["start", "alert", "end"],
    name: tuple[str, str],
    message: EventMessage,
    now: datetime,
) -> Step:
    is_old = message.age_s is not None and 0 <= message.age_s <= _OLDEST_S
    at = now - timedelta(seconds=message.age_s or 0) if is_old else now
    camera_time = read_moment(message.told_at)
    topic, source = name
    return Step(
        alarm=alarm,
        phase=phase,
        topic=topic,
        source=source,
        at=at,
        started_at=at,
        camera_time=camera_time,
        # A clock that was never set shows the same times after each restart.
        told_at=message.told_at if _is_set(camera_time) else now.isoformat(),
    )


_CLOCK_IS_SET: Final = 2020


def _is_set(camera_time: datetime | None) -> bool:
    return camera_time is not None and camera_time.year >= _CLOCK_IS_SET


def _source(message: EventMessage) -> str:
    return ", ".join(f"{name}={value}" for name, value in message.source)[:_LONGEST_SOURCE]
