"""Logs: their form, and what is kept out of them."""

import datetime as dt
import io
import json
import logging
import warnings
from typing import Any

import pytest
import structlog

from sharpeyes.service.logs import configure_logging, mask_secrets
from sharpeyes.service.settings import LogSettings

_CANARY = "hunter2canary"


@pytest.fixture
def stream() -> io.StringIO:
    """Where logs go."""
    return io.StringIO()


def _lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_is_one_json_object_in_utc(stream: io.StringIO) -> None:
    configure_logging(LogSettings(), stream)

    structlog.get_logger("sharpeyes.x").info("camera_offline", camera="路口\n一", count=3)

    (line,) = _lines(stream)
    moment = dt.datetime.fromisoformat(line.pop("timestamp"))
    assert moment.utcoffset() == dt.timedelta(0)
    assert abs(dt.datetime.now(dt.UTC) - moment) < dt.timedelta(minutes=1)
    assert line == {
        "event": "camera_offline",
        "camera": "路口\n一",
        "count": 3,
        "logger": "sharpeyes.x",
        "level": "info",
    }
    assert "路口" in stream.getvalue()


def test_libraries_take_the_same_way(stream: io.StringIO) -> None:
    configure_logging(LogSettings(), stream)

    logging.getLogger("aiohttp.server").error("refused %s", "x")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old ways", DeprecationWarning, stacklevel=1)

    refused, warned = _lines(stream)
    assert (refused["event"], refused["logger"], refused["level"]) == (
        "refused x",
        "aiohttp.server",
        "error",
    )
    assert (warned["logger"], warned["level"]) == ("py.warnings", "warning")


@pytest.mark.parametrize("level", ["debug", "info", "warning", "error"])
def test_less_important_messages_are_left_out(stream: io.StringIO, level: str) -> None:
    configure_logging(LogSettings.model_validate({"level": level}), stream)

    for name in ("debug", "info", "warning", "error"):
        getattr(structlog.get_logger("a"), name)("ours")
        getattr(logging.getLogger("b"), name)("theirs")

    levels = [line["level"] for line in _lines(stream)]
    expected = ["debug", "info", "warning", "error"]
    expected = expected[expected.index(level) :]
    assert levels == [name for name in expected for _ in range(2)]


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_secret_stays_out_wherever_it_hides(stream: io.StringIO, form: str) -> None:
    configure_logging(LogSettings.model_validate({"format": form}), stream)
    log = structlog.get_logger("a")

    log.info("x", url=f"rtsp://admin:{_CANARY}@10.0.0.1/1", camera_password=_CANARY)
    log.info("cannot open rtsp://admin:%s/@b@10.0.0.1:554/1", _CANARY)
    log.info("x", headers={"Authorization": f"Digest {_CANARY}"}, nested=[{"token": _CANARY}])
    logging.getLogger("b").warning("sent Authorization: Basic %s", _CANARY)
    logging.getLogger("b").warning("GET /x?token=%s&y=1 password: '%s'", _CANARY, _CANARY)
    try:
        _fail()
    except ValueError:
        log.exception("failed")
        logging.getLogger("b").exception("failed")

    assert _CANARY not in stream.getvalue()
    assert stream.getvalue().count("in _fail") == 2
    assert "10.0.0.1:554/1" in stream.getvalue()
    assert "&y=1" in stream.getvalue()


def _fail() -> None:
    raise ValueError(f"http://u:{_CANARY}@h and Bearer {_CANARY}")


def test_what_only_names_a_secret_is_kept() -> None:
    event = {
        "event": "token created for http://h/a?b=1",
        "token_id": "t1",
        "secret_key_file": "data/secret.key",
        "reason": "Basic authentication refused",
        "tokens_left": None,
    }

    assert mask_secrets(None, "info", dict(event)) == event


def test_deep_and_strange_values_do_not_stop_logging(stream: io.StringIO) -> None:
    configure_logging(LogSettings(), stream)
    endless: list[Any] = []
    endless.append(endless)

    structlog.get_logger("a").info("x", endless=endless, thing={1: {2, 3}}, kind=object)

    (line,) = _lines(stream)
    assert line["kind"] == "<class 'object'>"
    assert line["thing"] == {"1": [2, 3]}


def test_a_device_cannot_write_to_the_terminal(stream: io.StringIO) -> None:
    configure_logging(LogSettings(format="console"), stream)

    structlog.get_logger("a").info("x\nforged line", model="\x1b[2J\x9b31m")

    assert stream.getvalue().count("\n") == 1
    assert not {"\x1b", "\x9b"} & set(stream.getvalue())
