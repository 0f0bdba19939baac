"""From single results to a status: the state machine, without clock or I/O.

Each check keeps its own verdict, which changes only when several results in a row agree that it
is worse (`failures_to_fault`) or better (`successes_to_ok`). A camera is as bad as the worst
verdict of its checks; of equally bad ones the cheapest check names the cause, since it explains
the others. While a check comes and goes, the camera is unstable, and that is all that is said.
"""

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Final

import msgspec

from sharpeyes.health.flapping import ALTERNATING, RESULTS, changes, is_flapping, remember
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
        results: which of the latest results were bad, one bit each; see `flapping`.
        verdicts: the same of what was held to be so after each; 0 of nearly all cameras.
    """

    status: Status = Status.UNKNOWN
    cause: Cause = Cause.NONE
    evidence: str = ""
    recent: tuple[Cause, ...] = ()
    failures: int = 0
    failing_since: datetime | None = None
    results: int = 0
    verdicts: int = 0

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
        proving: the check that failed, of a camera that was restored and has an incident yet.
        proved: how many of its results in a row have been good since.
    """

    status: Status = Status.UNKNOWN
    cause: Cause = Cause.NONE
    evidence: str = ""
    verdicts: tuple[Verdict, ...] = (NO_VERDICT,) * len(CHECKS)
    proving: Check | None = None
    proved: int = 0

    def verdict(self, check: Check) -> Verdict:
        """Return what one check holds to be so."""
        return self.verdicts[CHECKS.index(check)]

    @property
    def is_reached(self) -> bool:
        """Whether the camera has answered, since we look after it, when it was asked last."""
        recent = self.verdict(Check.REACH).recent
        return bool(recent) and not recent[-1].status.is_down


NOT_ASKED: Final = CameraState()


def restore(
    status: Status,
    cause: Cause,
    evidence: str,
    check: Check | None,
    proving: Check | None = None,
) -> CameraState:
    """Go on from what was stored: a restart alone changes nobody's status.

    Args:
        status: as stored.
        cause: as stored.
        evidence: as stored.
        check: the one that decided; None while nothing is wrong.
        proving: the check of an incident that was about to be closed.
    """
    if status is Status.UNKNOWN:
        return NOT_ASKED
    # What is cheaper than the check that failed was well, or it would have been the cause.
    known = CHECKS.index(check) if check else 1
    verdicts = [_WELL] * known + [NO_VERDICT] * (len(CHECKS) - known)
    if check and cause is Cause.UNSTABLE:
        verdicts[known] = Verdict(status=Status.OK, results=ALTERNATING)
    elif check:
        # That it is its own fault was judged elsewhere, and is stored; a check cannot tell.
        status = cause.status
        verdicts[known] = Verdict(status=status, cause=cause, evidence=evidence)
    return CameraState(status, cause, evidence, tuple(verdicts), proving)


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
        What is known now; and the transition, if the status changed, if the cause of an unchanged
        one did, or if a restored camera has proved that it is well.
    """
    index = CHECKS.index(result.check)
    verdict = _take_in(state.verdicts[index], result, settings, now)
    if state.proving is None and verdict is state.verdicts[index]:
        return state, None
    verdicts = (*state.verdicts[:index], verdict, *state.verdicts[index + 1 :])
    check, deciding = _decide(state, verdicts, settings)
    # Nobody is called well while a check has just seen a fault and is about to look again.
    doubtful = deciding.status is Status.OK and any(v.recent and v.recent[-1] for v in verdicts)
    if doubtful or (deciding.status, deciding.cause) == (state.status, state.cause):
        return _prove(msgspec.structs.replace(state, verdicts=verdicts), result, settings, now)
    is_well = deciding.status is Status.OK
    lapsed = result.evidence if is_well and result.cause is Cause.UNKNOWN else ""
    return (
        CameraState(
            deciding.status,
            deciding.cause,
            deciding.evidence,
            verdicts,
            proving=_failed(state) if is_well else None,
        ),
        Transition(
            from_status=state.status,
            to_status=deciding.status,
            check=check,
            cause=deciding.cause,
            evidence=deciding.evidence or lapsed,
            at=now,
            began_at=(deciding.failing_since or now) if deciding.cause else None,
        ),
    )


def _decide(
    state: CameraState, verdicts: tuple[Verdict, ...], settings: HealthSettings
) -> tuple[Check | None, Verdict]:
    """Return which check decides, None while nothing is wrong, and what it holds to be so."""
    before = state.cause is Cause.UNSTABLE
    for flapping, verdict in zip(CHECKS, verdicts, strict=True):
        if is_flapping(verdict.results, verdict.verdicts, settings, before=before):
            words = (
                f"it comes and goes: {changes(verdict.results)} changes among the last {RESULTS} "
                f"results of the check {flapping}"
            )
            if verdict.evidence:
                words += f"; last fault: {verdict.evidence}"
            return flapping, Verdict(Status.DEGRADED, Cause.UNSTABLE, words)
    status, check = _worst(verdicts)
    return check, verdicts[CHECKS.index(check)] if check else Verdict(status)


def _failed(state: CameraState) -> Check | None:
    """Return the check for which a camera was unwell; None where it had not been judged."""
    if state.status is Status.UNKNOWN:
        return None
    return _worst(state.verdicts)[1] or Check.REACH


def _prove(
    state: CameraState, result: CheckResult, settings: HealthSettings, now: datetime
) -> tuple[CameraState, Transition | None]:
    """Count the good results of the check that had failed, until they are enough."""
    if state.proving is None or state.status is not Status.OK:
        return state, None
    if result.cause and result.cause is not Cause.UNKNOWN:
        return msgspec.structs.replace(state, proved=0), None
    if result.check is not state.proving:
        return state, None
    proved = state.proved + 1
    if proved < settings.successes_to_close:
        return msgspec.structs.replace(state, proved=proved), None
    words = f"{proved} good results in a row of the check {state.proving} since it was restored"
    return (
        msgspec.structs.replace(state, proving=None, proved=0),
        Transition(
            from_status=Status.OK,
            to_status=Status.OK,
            check=None,
            cause=Cause.NONE,
            evidence=words,
            at=now,
        ),
    )


def _take_in(
    verdict: Verdict, result: CheckResult, settings: HealthSettings, now: datetime
) -> Verdict:
    """Add a result to a check's verdict, and change its mind if enough results agree."""
    kept = max(settings.failures_to_fault, settings.successes_to_ok)
    if not result.cause and not verdict.results and not verdict.verdicts:
        is_well = verdict.status is Status.OK and not any(verdict.recent)
        if is_well and len(verdict.recent) == kept:
            # Nearly always: as well as it was, and nothing is made anew.
            return verdict
    if result.cause is Cause.UNKNOWN:
        return _lapse(verdict, kept, settings)
    recent = tuple(cause for cause in verdict.recent if cause is not Cause.UNKNOWN)
    recent = (*recent, result.cause)[-kept:]
    status = _settle(verdict.status, recent, settings)
    results = remember(verdict.results, bad=bool(result.cause))
    verdicts = remember(verdict.verdicts, bad=status not in {Status.OK, Status.UNKNOWN})
    if status is Status.OK and not result.cause:
        # What was wrong last is kept for as long as it may come back.
        evidence = verdict.evidence if results or verdicts else ""
        if not results and not verdicts and recent == (Cause.NONE,) * kept:
            return _settled(kept)
        return Verdict(status, evidence=evidence, recent=recent, results=results, verdicts=verdicts)
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
            verdict,
            recent=recent,
            failures=failures,
            failing_since=since,
            results=results,
            verdicts=verdicts,
        )
    evidence = result.evidence
    if since and verdict.status in {Status.OK, Status.UNKNOWN}:
        evidence += f" ({failures} tries in {(now - since).total_seconds():.0f} s)"
    return Verdict(status, result.cause, evidence, recent, failures, since, results, verdicts)


@cache
def _settled(kept: int) -> Verdict:
    """Return what is held of all that is well: one value for all cameras, for they are many."""
    return Verdict(Status.OK, recent=(Cause.NONE,) * kept)


def _lapse(verdict: Verdict, kept: int, settings: HealthSettings) -> Verdict:
    """Forget a fault that can no longer be looked for, once that is sure."""
    if verdict.status in {Status.OK, Status.UNKNOWN}:
        return verdict
    recent = (*verdict.recent, Cause.UNKNOWN)[-kept:]
    if recent[-settings.failures_to_fault :] == (Cause.UNKNOWN,) * settings.failures_to_fault:
        return NO_VERDICT
    return msgspec.structs.replace(verdict, recent=recent)


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
