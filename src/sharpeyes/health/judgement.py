"""From single results to a status: the state machine, without clock or I/O.

Each check keeps its own verdict, which changes only when several results in a row agree that it
is worse (`failures_to_fault`) or better (`successes_to_ok`). A camera is as bad as the worst
verdict of its checks; of equally bad ones the cheapest check names the cause, since it explains
the others.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

import msgspec

from sharpeyes.health.settings import HealthSettings
from sharpeyes.health.status import SEVERITY, Cause, Check, CheckResult, Status, Transition

CHECKS: Final = tuple(Check)


class Verdict(msgspec.Struct, frozen=True):
    """What one check holds to be so, and the results that may yet change its mind.

    Attributes:
        status: what it holds to be so; `unknown` until enough results agree.
        cause: why.
        evidence: in words; empty while nothing is wrong.
        recent: causes of the latest results, the newest last; only as many as can matter.
        failures: failures since it was last well, also across a lone success: what backing off
            goes by, so that a device that flaps is not asked more often for it.
        failing_since: when the first of these was seen.
    """

    status: Status = Status.UNKNOWN
    cause: Cause = Cause.NONE
    evidence: str = ""
    recent: tuple[Cause, ...] = ()
    failures: int = 0
    failing_since: datetime | None = None

    @property
    def surprising(self) -> bool:
        """Whether the latest result disagrees with the verdict: asked again soon."""
        return bool(self.recent) and self.recent[-1].status is not self.status


NO_VERDICT: Final = Verdict()
_WELL: Final = Verdict(status=Status.OK)


class CameraState(msgspec.Struct, frozen=True):
    """All that the judgement of one camera needs to go on.

    Attributes:
        status: as stored and shown.
        cause: what is wrong.
        evidence: what was seen, in words.
        verdicts: one for each of `CHECKS`, in their order.
    """

    status: Status = Status.UNKNOWN
    cause: Cause = Cause.NONE
    evidence: str = ""
    verdicts: tuple[Verdict, ...] = (NO_VERDICT,) * len(CHECKS)

    def verdict(self, check: Check) -> Verdict:
        """Return what one check holds to be so."""
        return self.verdicts[CHECKS.index(check)]

    @property
    def is_reached(self) -> bool:
        """Whether the camera has answered, since we look after it, when it was asked last."""
        recent = self.verdict(Check.REACH).recent
        return bool(recent) and recent[-1].status is not Status.OFFLINE


NOT_ASKED: Final = CameraState()


def restore(status: Status, cause: Cause, evidence: str, check: Check | None) -> CameraState:
    """Go on from what was stored: a restart alone changes nobody's status.

    Args:
        status: as stored.
        cause: as stored.
        evidence: as stored.
        check: the one that decided; None while nothing is wrong.
    """
    if status is Status.UNKNOWN:
        return NOT_ASKED
    # What is cheaper than the check that failed was well, or it would have been the cause.
    known = CHECKS.index(check) if check else 1
    verdicts = [_WELL] * known + [NO_VERDICT] * (len(CHECKS) - known)
    if check:
        verdicts[known] = Verdict(status=status, cause=cause, evidence=evidence)
    return CameraState(status, cause, evidence, tuple(verdicts))


def judge(
    state: CameraState, result: CheckResult, settings: HealthSettings, now: datetime
) -> tuple[CameraState, Transition | None]:
    """Take in one result.

    Args:
        state: what was known; it is not changed.
        result: what a check made of a probe.
        settings: how many results in a row it takes.
        now: when the result came, UTC.

    Returns:
        What is known now; and the transition, if the status changed, or if the cause of an
        unchanged one did.
    """
    index = CHECKS.index(result.check)
    verdict = _take_in(state.verdicts[index], result, settings, now)
    if verdict is state.verdicts[index]:
        return state, None
    verdicts = (*state.verdicts[:index], verdict, *state.verdicts[index + 1 :])
    status, check = _worst(verdicts)
    deciding = verdicts[CHECKS.index(check)] if check else _WELL
    # Nobody is called well while a check has just seen a fault and is about to look again.
    doubtful = status is Status.OK and any(v.recent and v.recent[-1] for v in verdicts)
    if doubtful or (status, deciding.cause) == (state.status, state.cause):
        return msgspec.structs.replace(state, verdicts=verdicts), None
    return (
        CameraState(status, deciding.cause, deciding.evidence, verdicts),
        Transition(
            from_status=state.status,
            to_status=status,
            check=check,
            cause=deciding.cause,
            evidence=deciding.evidence,
            at=now,
        ),
    )


def _take_in(
    verdict: Verdict, result: CheckResult, settings: HealthSettings, now: datetime
) -> Verdict:
    """Add a result to a check's verdict, and change its mind if enough results agree."""
    kept = max(settings.failures_to_fault, settings.successes_to_ok)
    is_well = verdict.status is Status.OK and not any(verdict.recent)
    if is_well and not result.cause and len(verdict.recent) == kept:
        # Nearly always: as well as it was, and nothing is made anew.
        return verdict
    recent = (*verdict.recent, result.cause)[-kept:]
    status = _settle(verdict.status, recent, settings)
    if status is Status.OK and not result.cause:
        return Verdict(status, recent=recent)
    failures = verdict.failures + (1 if result.cause else 0)
    since = verdict.failing_since or (now if result.cause else None)
    changed = status is not verdict.status or (
        result.cause.status is status
        and result.cause is not verdict.cause
        and set(recent[-settings.failures_to_fault :]) == {result.cause}
        and len(recent) >= settings.failures_to_fault
    )
    if not changed:
        return msgspec.structs.replace(
            verdict, recent=recent, failures=failures, failing_since=since
        )
    evidence = result.evidence
    if since and verdict.status in {Status.OK, Status.UNKNOWN}:
        evidence += f" ({failures} tries in {(now - since).total_seconds():.0f} s)"
    return Verdict(status, result.cause, evidence, recent, failures, since)


def _settle(status: Status, recent: tuple[Cause, ...], settings: HealthSettings) -> Status:
    """Return what the latest results agree on, or else the status that was held before.

    The newest result must itself be of the new status, so that its words fit.
    """
    severities = [SEVERITY[cause.status] for cause in recent]
    newest = recent[-1].status
    severity = SEVERITY.get(status)
    if len(recent) >= settings.failures_to_fault:
        at_least = min(severities[-settings.failures_to_fault :])
        if at_least == SEVERITY[newest] and at_least > (severity or 0):
            return newest
    if len(recent) >= settings.successes_to_ok:
        at_most = max(severities[-settings.successes_to_ok :])
        better = at_most < severity if severity is not None else at_most == 0
        if better and at_most == SEVERITY[newest]:
            return newest
    return status


def _worst(verdicts: Iterable[Verdict]) -> tuple[Status, Check | None]:
    """Return the worst status and the first check that holds it; None while all are well."""
    worst, deciding = Status.UNKNOWN, None
    for check, verdict in zip(CHECKS, verdicts, strict=True):
        if verdict.status is Status.UNKNOWN:
            if check is Check.REACH:
                return Status.UNKNOWN, None
            continue
        if SEVERITY[verdict.status] > SEVERITY.get(worst, -1):
            worst = verdict.status
            deciding = check if verdict.cause else None
    return worst, deciding
