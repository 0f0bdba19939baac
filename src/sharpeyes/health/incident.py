"""The incident: one thing that is wrong with one or many cameras, and its deadline; pure."""

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from sharpeyes.events.deadline_light import Light, next_light_at
from sharpeyes.health.incident_settings import IncidentSettings
from sharpeyes.health.status import Cause, Status


class IncidentKind(StrEnum):
    """What is wrong together."""

    CAMERA = "camera"
    """One camera, by itself."""
    RECORDER = "recorder"
    """All that one device carries."""
    SUBNET = "subnet"
    """A /24 network (/64 of IPv6)."""
    NETWORK = "network"
    """A switch or access network, as the camera file names it."""
    DISTRICT = "district"
    """A district's or local zone's link."""
    POLLER = "poller"
    """We ourselves: the machine that asks."""


class IncidentState(StrEnum):
    """How far it is."""

    OPEN = "open"
    RECOVERING = "recovering"
    """It looks well, and has to prove it."""
    CLOSED = "closed"


class Step(StrEnum):
    """What happened to an incident."""

    OPENED = "opened"
    REOPENED = "reopened"
    """It was closed, and the fault has come back."""
    CAUSE = "cause"
    """It turned out to be something else."""
    ASSIGNED = "assigned"
    NOTE = "note"
    LIGHT = "light"
    REMINDER = "reminder"
    RECOVERING = "recovering"
    RELAPSED = "relapsed"
    """It looked well, and was not."""
    CLOSED = "closed"


class IncidentStep(msgspec.Struct, frozen=True, kw_only=True):
    """One step of an incident's history.

    Attributes:
        at: when, UTC.
        actor: the account or token that did it; empty: the service.
        step: what was done.
        words: what there is to say of it.
    """

    at: datetime
    actor: str
    step: Step
    words: str


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """An incident as it is stored.

    Attributes:
        incident_id: for good.
        kind: what is wrong together.
        group_key: which one: the camera's id, the recorder's address, the network, ...
        title: what people call it.
        cause: what is wrong.
        evidence: what was seen, in words that an operator can act on.
        decided_by: the check that decided; empty where there are many cameras.
        state: how far it is.
        began_at: when the first of its results was seen, UTC.
        opened_at: when it was opened, for the latest time.
        recovering_at: since when it looks well.
        closed_at: when it was closed.
        closed_by: the account or token that closed it; empty: the service, after enough good
            results.
        close_reason: why.
        times_opened: 1, and one more with each time that it came back.
        cameras: how many were touched.
        division_code: where all of them are; None: all over the city.
        assigned_unit: the organisation that sees to it.
        assigned_role: or the role here that does.
        deadline_at: by when it is to be mended.
        light: how much of that time is gone.
        worked_at: when somebody last did something about it.
        reminded_at: when it was last brought up.
        revision: rises with every change.
    """

    incident_id: int
    kind: IncidentKind
    group_key: str
    title: str
    cause: Cause
    evidence: str
    decided_by: str
    state: IncidentState
    began_at: datetime
    opened_at: datetime
    recovering_at: datetime | None
    closed_at: datetime | None
    closed_by: str
    close_reason: str
    times_opened: int
    cameras: int
    division_code: str | None
    assigned_unit: str
    assigned_role: str
    deadline_at: datetime
    light: Light
    worked_at: datetime | None
    reminded_at: datetime | None
    revision: int


def deadline(
    kind: IncidentKind, status: Status, opened_at: datetime, settings: IncidentSettings
) -> datetime:
    """Return by when an incident is to be mended.

    Args:
        kind: of the incident.
        status: of its camera, where it has one.
        opened_at: when the time began.
        settings: how long it takes.
    """
    if kind is not IncidentKind.CAMERA:
        seconds = settings.many_deadline_s
    elif status is Status.OFFLINE:
        seconds = settings.offline_deadline_s
    else:
        seconds = settings.degraded_deadline_s
    return opened_at + timedelta(seconds=seconds)


def next_due(
    opened_at: datetime,
    deadline_at: datetime,
    light: Light,
    last_seen_at: datetime,
    settings: IncidentSettings,
) -> datetime:
    """Return when the next light or reminder is due.

    Args:
        opened_at: when the time began.
        deadline_at: when it ends.
        light: which is on.
        last_seen_at: when somebody last worked on it or was last reminded of it.
        settings: the shares of the time, and how often somebody is reminded.
    """
    reminder = last_seen_at + timedelta(seconds=settings.remind_every_s)
    light_due = next_light_at(opened_at, deadline_at, light, settings)
    return reminder if light_due is None else min(reminder, light_due)


def is_reminder_due(last_seen_at: datetime, now: datetime, settings: IncidentSettings) -> bool:
    """Tell whether it is time to bring an incident up."""
    return now >= last_seen_at + timedelta(seconds=settings.remind_every_s)
