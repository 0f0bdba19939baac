"""Logs: one event per line, times in UTC, and no secrets.

Our own events and those of libraries take one way: structlog hands its events to Python's
logging, whose only handler masks and renders both.
"""

import logging
import re
import sys
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from sharpeyes.service.settings import LogSettings

MASK = "***"

_SECRET_KEY = re.compile(
    r"(passw|passphrase|secret|token|authorization|cookie|credential|(api|private)_?key)"
    # What only names a secret helps to find the fault.
    r"(?!.*_(id|name|file|count)$)",
    re.IGNORECASE,
)
_SECRET_TEXT = (
    # Between // and @ of an address: to the last @, as a password may hold one, or a slash.
    (re.compile(r"(?<=://)[^\s\"'<>]*@"), f"{MASK}@"),
    (re.compile(r"(authorization[\"']?\s*[:=]\s*)[^\r\n]+", re.IGNORECASE), rf"\1{MASK}"),
    (re.compile(r"\b(Bearer\s+)\S+"), rf"\1{MASK}"),
    (re.compile(r"\b(Basic\s+)(?=\S*[0-9=])[A-Za-z0-9+/=]{8,}"), rf"\1{MASK}"),
    (
        re.compile(
            r"((?:password|passwd|pwd|secret|token)[\"']?\s*[=:]\s*[\"']?)[^\s&\"',;)}]+",
            re.IGNORECASE,
        ),
        rf"\1{MASK}",
    ),
)
_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))}
_MULTI_LINE = ("exception", "stack")
_MAX_DEPTH = 6


def configure_logging(settings: LogSettings, stream: TextIO | None = None) -> None:
    """Send all logs of this process to ``stream``.

    Args:
        settings: The least level, and the format.
        stream: None for standard error: standard output belongs to what a command prints.
    """
    stream = stream or sys.stderr
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    incoming: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*incoming, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=incoming,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                mask_secrets,
                *_renderers(settings, stream),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    logging.captureWarnings(capture=True)
    # A line for each request, dashboards included; slow and failed ones have events of ours.
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)


def _renderers(settings: LogSettings, stream: TextIO) -> list[Processor]:
    if settings.format == "json":
        return [structlog.processors.JSONRenderer(ensure_ascii=False)]
    return [
        _escape_controls,
        structlog.dev.ConsoleRenderer(
            colors=stream.isatty(), exception_formatter=structlog.dev.plain_traceback
        ),
    ]


def mask_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace what must not be read by its name or its form: a structlog processor.

    By name: whatever is called a password, secret, token, authorization, cookie, credential or
    key. By form: user and password in addresses, authorization headers, ``password=...``. This is
    the last net; the rule is that secrets are not logged in the first place.
    """
    return {key: _masked(key, value, _MAX_DEPTH) for key, value in event.items()}


def _masked(key: str, value: object, depth: int) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if _SECRET_KEY.search(key):
        return MASK
    if isinstance(value, Mapping) and depth:
        return {str(name): _masked(str(name), item, depth - 1) for name, item in value.items()}
    if isinstance(value, list | tuple | AbstractSet) and depth:
        return [_masked(key, item, depth - 1) for item in value]
    text = value if isinstance(value, str) else repr(value)
    for pattern, replacement in _SECRET_TEXT:
        text = pattern.sub(replacement, text)
    return text


def _escape_controls(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Keep what devices and clients send from moving the cursor or forging a line."""
    return {
        key: value.translate(_CONTROLS)
        if isinstance(value, str) and key not in _MULTI_LINE
        else value
        for key, value in event.items()
    }
