"""Metrics of all processes on this machine, and gauges read from the database at scrape time.

Cameras are never labels: a city has hundreds of thousands, and a series each would drown
Prometheus.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import asyncpg
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from sharpeyes.registry.store import IS_MEASURED
from sharpeyes.service.metrics_folder import MULTIPROCESS_FOLDER

if TYPE_CHECKING:
    # Who only counts need not load what looks at pictures.
    from sharpeyes.detectors.finding import Finding
    from sharpeyes.events.payload import AlarmKind
    from sharpeyes.health.status import Cause, Check, CheckResult, Transition
    from sharpeyes.ingest.context import FrameFate
    from sharpeyes.ingest.heard_topics import TopicFate

CHECKS = Counter("sharpeyes_checks", "Checks of cameras, by what they found.", ("check", "cause"))
CHECKS_PUT_OFF = Counter(
    "sharpeyes_checks_put_off", "Checks that were due and had to wait for a limit.", ("check",)
)
CHECK_DELAY = Histogram("sharpeyes_check_delay_seconds", "How late checks began.")
TRANSITIONS = Counter("sharpeyes_transitions", "Status changes of cameras.", ("to_status", "cause"))
FRAMES = Counter("sharpeyes_frames", "Sampled frames, by what became of them.", ("outcome",))
FINDINGS = Counter("sharpeyes_findings", "What the detectors found.", ("kind", "phase"))
MESSAGES = Counter(
    "sharpeyes_camera_messages",
    "Messages of cameras that are listened to, by what became of them.",
    ("outcome",),
)
ALARMS = Counter(
    "sharpeyes_camera_alarms", "Events made of what cameras tell themselves.", ("kind", "phase")
)
ATTEMPTS = Counter("sharpeyes_delivery_attempts", "Webhook attempts, by outcome.", ("outcome",))
ATTEMPT_SECONDS = Histogram("sharpeyes_delivery_attempt_seconds", "How long webhook attempts took.")


class HealthCounts:
    """Counts what the health monitor does."""

    def __init__(self) -> None:
        # Finding a labelled counter costs as much as counting, and few results are there to find.
        self._checks: dict[tuple[Check, Cause], Counter] = {}

    def probed(self, result: CheckResult) -> None:
        """Count a result."""
        counter = self._checks.get((result.check, result.cause))
        if counter is None:
            counter = CHECKS.labels(result.check, result.cause)
            self._checks[result.check, result.cause] = counter
        counter.inc()

    def delayed(self, delay_s: float) -> None:
        """Take in how late a probe began."""
        CHECK_DELAY.observe(delay_s)

    def put_off(self, check: Check) -> None:
        """Count a check that had to wait."""
        CHECKS_PUT_OFF.labels(check).inc()

    def changed(self, transition: Transition) -> None:
        """Count a transition."""
        TRANSITIONS.labels(transition.to_status, transition.cause).inc()


class IngestCounts:
    """Counts what ingest does."""

    def frames(self, fate: FrameFate, count: int = 1) -> None:
        """Count frames by what became of them."""
        FRAMES.labels(fate).inc(count)

    def found(self, finding: Finding) -> None:
        """Count a finding."""
        FINDINGS.labels(finding.kind, finding.phase).inc()


class ListeningCounts:
    """Counts what cameras that are listened to tell."""

    def heard(self, fate: TopicFate) -> None:
        """Count a message by what became of it."""
        MESSAGES.labels(fate).inc()

    def unread(self, count: int) -> None:
        """Count messages that came in too great a number to be read."""
        MESSAGES.labels("unread").inc(count)

    def alarmed(self, kind: AlarmKind, phase: str) -> None:
        """Count an event that was made of a message."""
        ALARMS.labels(kind, phase).inc()


@dataclass(frozen=True, slots=True)
class Gauges:
    """What the database says at this moment."""

    cameras: tuple[tuple[str, str, int], ...]
    """Tier number, status, how many."""
    deliveries: tuple[tuple[str, int], ...]
    """State of delivery, how many."""
    endpoints: tuple[tuple[str, int], ...]
    """State of an endpoint, or `deferred`, and how many."""
    incidents: tuple[tuple[str, str, str, int], ...]
    """Kind, state and light of those that are not closed, how many."""
    group_cameras: tuple[tuple[str, int], ...]
    """Kind of an unclosed incident of many, and how many cameras it concerns."""
    listening: tuple[tuple[str, int], ...] = ()
    """How it goes with cameras that are listened to, how many."""


async def read_gauges(pool: asyncpg.Pool) -> Gauges:
    """Count what a scrape shows."""
    cameras = await pool.fetch(
        f"SELECT c.tier, CASE WHEN {IS_MEASURED} THEN COALESCE(s.status, 'unknown')"  # noqa: S608
        " WHEN c.life = 'maintenance' THEN 'maintenance' ELSE 'not_measured' END AS status,"
        " count(*) AS n FROM camera c LEFT JOIN camera_status s USING (camera_id)"
        " WHERE c.life <> 'removed' GROUP BY 1, 2"
    )
    # Delivered rows are many and need no gauge: the counter of attempts tells of them. Each state
    # of the others has an index of its own, which only its own query uses.
    deliveries = await pool.fetch(
        "SELECT 'pending' AS state, count(*) AS n FROM delivery WHERE state = 'pending'"
        " UNION ALL SELECT 'dead', count(*) FROM delivery WHERE state = 'dead'"
    )
    endpoints = await pool.fetch(
        "SELECT wanted AS state, count(endpoint_id) AS n"
        " FROM unnest(ARRAY['active', 'deferred', 'paused', 'disabled']) AS wanted"
        " LEFT JOIN endpoint ON wanted = CASE WHEN state = 'active'"
        " AND deferred_until IS NOT NULL THEN 'deferred' ELSE state END GROUP BY 1"
    )
    incidents = await pool.fetch(
        "SELECT kind, state, light, count(*) AS n FROM incident WHERE state <> 'closed'"
        " GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
    )
    group_cameras = await pool.fetch(
        "SELECT i.kind, count(*) AS n FROM incident i JOIN incident_camera m USING (incident_id)"
        " WHERE i.state <> 'closed' AND i.kind <> 'camera' AND m.left_at IS NULL"
        " GROUP BY 1 ORDER BY 1"
    )
    listening = await pool.fetch(
        "SELECT state, count(*) AS n FROM camera_listening WHERE state <> 'off' GROUP BY 1"
    )
    return Gauges(
        cameras=tuple((str(row["tier"]), row["status"], row["n"]) for row in cameras),
        deliveries=tuple((row["state"], row["n"]) for row in deliveries),
        endpoints=tuple((row["state"], row["n"]) for row in endpoints),
        incidents=tuple((row["kind"], row["state"], row["light"], row["n"]) for row in incidents),
        group_cameras=tuple((row["kind"], row["n"]) for row in group_cameras),
        listening=tuple((row["state"], row["n"]) for row in listening),
    )


class _GaugesCollector(Collector):
    def __init__(self, gauges: Gauges) -> None:
        self._gauges = gauges

    def collect(self) -> Iterator[Metric]:
        cameras = GaugeMetricFamily(
            "sharpeyes_cameras", "Registered cameras.", labels=("tier", "status")
        )
        for tier, status, count in self._gauges.cameras:
            cameras.add_metric((tier, status), count)
        yield cameras
        deliveries = GaugeMetricFamily(
            "sharpeyes_deliveries", "Deliveries that are not delivered.", labels=("state",)
        )
        for state, count in self._gauges.deliveries:
            deliveries.add_metric((state,), count)
        yield deliveries
        endpoints = GaugeMetricFamily(
            "sharpeyes_endpoints",
            "Endpoints; disabled: the receiver said 410, and nothing is sent until it is resumed.",
            labels=("state",),
        )
        for state, count in self._gauges.endpoints:
            endpoints.add_metric((state,), count)
        yield endpoints
        incidents = GaugeMetricFamily(
            "sharpeyes_incidents",
            "Incidents that are not closed; the light says how much of the time to mend is gone.",
            labels=("kind", "state", "light"),
        )
        for kind, state, light, count in self._gauges.incidents:
            incidents.add_metric((kind, state, light), count)
        yield incidents
        group_cameras = GaugeMetricFamily(
            "sharpeyes_incident_cameras",
            "Cameras that are unreachable for a common cause, by kind of incident.",
            labels=("kind",),
        )
        for kind, count in self._gauges.group_cameras:
            group_cameras.add_metric((kind,), count)
        yield group_cameras
        listening = GaugeMetricFamily(
            "sharpeyes_listening", "Cameras whose own events are wanted.", labels=("state",)
        )
        for state, count in self._gauges.listening:
            listening.add_metric((state,), count)
        yield listening


def exposition(gauges: Gauges) -> tuple[bytes, str]:
    """Return the text that Prometheus reads, and its content type."""
    registry = CollectorRegistry()
    if MULTIPROCESS_FOLDER in os.environ:
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # untyped upstream
    registry.register(_GaugesCollector(gauges))
    return generate_latest(registry), CONTENT_TYPE_LATEST
