"""`sharpeyes health camera CODE` and `explain CODE`: how one camera is, why, and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Final, TypeAlias

import typer

from sharpeyes.health.incident import IncidentKind
from sharpeyes.health.status import Cause, Check, Status
from sharpeyes.health.store import StoredStatus
from sharpeyes.registry.camera import FiledCamera
from sharpeyes.registry.store import CameraStore
from sharpeyes.service.camera_health import CameraHealth, read_camera_health
from sharpeyes.service.cli.context import open_database, run
from sharpeyes.service.cli.health_words import advice, ago, label, meaning
from sharpeyes.service.cli.output import console, print_json, print_table, printable
from sharpeyes.service.cli.registered import CodeArgument, JsonOption, find_camera
from sharpeyes.service.words import Language, evidence_in, word

_MOST_SHOWN: Final = 1_000

LanguageOption: TypeAlias = Annotated[Language, typer.Option("--lang", help="Its language.")]
LastOption: TypeAlias = Annotated[
    int, typer.Option(min=1, max=_MOST_SHOWN, help="How many of its latest changes are shown.")
]


def camera(
    device_code: CodeArgument, last: LastOption = 10, lang: LanguageOption = "en",
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Show how a camera is: status, cause, evidence, checks, its latest changes, open incidents."""
    found, now = _read(device_code, last)
    if as_json:
        print_json(found)
        return
    out = console()
    print_table(("", ""), _facts(found, now, lang), empty="")
    out.print()
    columns = (label(name, lang) for name in ("check", "every", "last"))
    print_table(tuple(columns), _checks(found, now, lang), empty="")
    out.print()
    _print_changes(found, lang)
    out.print()
    _print_incidents(found, lang)


def explain(device_code: CodeArgument, lang: LanguageOption = "en") -> None:
    """Explain in sentences why a camera is as it is, what that means, and what to do next."""
    found, now = _read(device_code, _MOST_SHOWN)
    out = console()
    for line in _sentences(found, now, lang):
        out.print(printable(line))


def _read(device_code: str, last: int) -> tuple[CameraHealth, datetime]:
    now = datetime.now(UTC)

    async def command() -> CameraHealth:
        async with open_database() as database:
            camera = await find_camera(CameraStore(database.pool), device_code)
            settings = database.settings.health
            return await read_camera_health(database.pool, camera, now, settings, last=last)

    return run(command()), now


def _facts(found: CameraHealth, now: datetime, lang: Language) -> Iterator[tuple[str, str]]:
    yield label("camera", lang), f"{found.camera.device_code} {found.camera.name}"
    if found.camera.host:
        yield label("address", lang), found.camera.host
    yield label("life", lang), _life(found.camera, lang)
    yield label("status", lang), _status_words(found, now, lang)
    if found.cause and found.stored is not None:
        yield label("cause", lang), word("cause", found.cause, lang)
        yield label("evidence", lang), evidence_in(lang, found.stored.evidence)
    online = found.timeline.availability.online_rate
    yield (
        label("online", lang),
        f"{online.value:.2f} %" if online.value is not None else f"- ({online.why_not})",
    )
    yield label("asked_by", lang), _asked_by(found, now, lang)
    for number, todo in enumerate(_todo(found, lang)):
        yield "" if number else label("next", lang), todo


def _status_words(found: CameraHealth, now: datetime, lang: Language) -> str:
    if found.status == "not_measured":
        return label("not_measured", lang)
    if found.stored is None:
        return label("unknown", lang)
    since = found.stored.since
    passed = ago((now - since).total_seconds(), lang)
    return (
        f"{word('status', found.status, lang)} {label('since', lang, at=_time(since), ago=passed)}"
    )


def _asked_by(found: CameraHealth, now: datetime, lang: Language) -> str:
    asking = found.asked_by
    if asking.worker_id is None or asking.until is None:
        return label("no_worker", lang)
    left = f"{(asking.until - now).total_seconds():.0f}"
    return label("worker", lang, worker=asking.worker_id, until=_time(asking.until), left=left)


def _checks(found: CameraHealth, now: datetime, lang: Language) -> Iterator[tuple[str, str, str]]:
    """Give what is kept of each check: results themselves are not, only what changed."""
    for check, interval_s in found.intervals_s.items():
        yield word("check", check, lang), f"{interval_s:g} s", _last_known(found, check, now, lang)


def _last_known(found: CameraHealth, check: Check, now: datetime, lang: Language) -> str:
    stored, clock = found.stored, found.timeline.clock
    if stored is not None and found.cause and stored.check is check:
        began = stored.began_at or stored.since
        passed = ago((now - began).total_seconds(), lang)
        return label("failing", lang, at=_time(began), ago=passed)
    if check is Check.REACH and found.timeline.latency:
        latest = found.timeline.latency[-1]
        return label("answered", lang, ms=latest.median_ms, at=_time(latest.at))
    if check is Check.CLOCK and clock is not None:
        passed = ago((now - clock.asked_at).total_seconds(), lang)
        offset = clock.offset_ms / 1000
        return label("clock", lang, at=_time(clock.asked_at), ago=passed, offset=offset)
    if stored is None or found.status == "not_measured" or check is Check.CLOCK:
        return label("not_yet", lang)
    return label("away" if stored.check is Check.REACH else "well", lang)


def _print_changes(found: CameraHealth, lang: Language) -> None:
    print_table(
        tuple(label(name, lang) for name in ("at", "from", "to", "cause", "evidence")),
        (
            (
                _time(change.at),
                word("status", change.from_status, lang),
                word("status", change.to_status, lang),
                word("cause", change.cause, lang) if change.cause else "",
                evidence_in(lang, change.evidence),
            )
            for change in found.transitions
        ),
        empty=label("no_change", lang),
    )


def _print_incidents(found: CameraHealth, lang: Language) -> None:
    print_table(
        tuple(label(name, lang) for name in ("incident", "", "status", "deadline", "with") if name),
        (
            (
                f"{one.incident_id} {word('incident_kind', one.kind, lang)} {one.title}",
                word("incident_state", one.state, lang),
                f"{_time(one.deadline_at)} {word('light', one.light, lang) if one.light else ''}",
                one.assigned_unit or one.assigned_role or label("nobody", lang),
            )
            for one in found.incidents
        ),
        empty=label("none_open", lang),
    )


def _sentences(found: CameraHealth, now: datetime, lang: Language) -> Iterator[str]:
    yield f"{found.camera.device_code} {found.camera.name}: {_status_words(found, now, lang)}"
    stored = found.stored
    if found.status == "not_measured" or stored is None:
        yield f"{label('life', lang)}: {_life(found.camera, lang)}"
        yield f"{label('asked_by', lang)}: {_asked_by(found, now, lang)}"
        return
    yield f"{label('means', lang)}: {meaning(Status(found.status), lang)}"
    if found.cause:
        yield (
            f"{label('cause', lang)}: {word('cause', found.cause, lang)}: "
            f"{evidence_in(lang, stored.evidence)}"
        )
        yield f"{label('why', lang)}: {_why(found, stored, lang)}"
    if found.asked_by.worker_id is None:
        yield f"{label('asked_by', lang)}: {label('no_worker', lang)}"
    for number, todo in enumerate(_todo(found, lang)):
        yield todo if number else f"{label('next', lang)}: {todo}"
    if not found.cause:
        yield label("is_well", lang)


def _todo(found: CameraHealth, lang: Language) -> Iterator[str]:
    """Say what to do, the first thing first; of what failed with others, what those need."""
    with_others = [
        one
        for one in found.incidents
        if one.kind is not IncidentKind.CAMERA and found.status == "unreachable"
    ]
    for one in with_others:
        yield label(
            "with_others",
            lang,
            others=max(one.cameras - 1, 0),
            number=one.incident_id,
            kind=word("incident_kind", one.kind, lang),
            title=one.title,
        )
    if found.cause and not with_others:
        yield advice(found.cause, found.camera.device_code, lang)
        yield label("probe_now", lang, code=found.camera.device_code)
    for one in found.incidents:
        yield label("see_incident", lang, number=one.incident_id)


def _life(camera: FiledCamera, lang: Language) -> str:
    until = f", {_time(camera.life_until)}" if camera.life_until else ""
    reason = f": {camera.life_reason}" if camera.life_reason else ""
    return f"{word('life', camera.life, lang)}{until}{reason}"


def _why(found: CameraHealth, stored: StoredStatus, lang: Language) -> str:
    began = _time(stored.began_at or stored.since)
    if stored.cause is Cause.UNSTABLE:
        return label("rule_unstable", lang, at=began)
    check = word("check", stored.check or "", lang)
    return label("rule", lang, check=check, failures=found.failures_to_fault, at=began)


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
