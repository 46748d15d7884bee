"""Structured logs on standard error: one JSON object (or one readable line) an event, with the correlation id.

No personal data: log ids, codes, counts and times. Ours are written directly, since a line a request is written; the
libraries' come by the standard library's handler and look the same.
"""

import json
import logging
import sys
from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from typing import Any, Literal, TextIO

import msgspec
import structlog

from common import context


def configure_logging(*, level: str, format: Literal["json", "console"]) -> None:  # noqa: A002 - the setting's name
    """Set up structlog and the standard library's loggers alike. Called once a process, by its entry point."""
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_logger_name,
        structlog.processors.add_log_level,
        _add_correlation,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]
    renderer = _json if format == "json" else structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[*shared, renderer],
        logger_factory=lambda name: _Lines(name, sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # Whatever it fails at it also raises, and is told by us; by itself it says the same many times a second.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)


def _add_correlation(_: Any, __: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    correlation_id = context.correlation_id.get()
    if correlation_id is not None:
        event.setdefault("correlation_id", correlation_id)
    return event


def _json(_: Any, __: str, event: MutableMapping[str, Any]) -> str:
    try:
        return msgspec.json.encode(event, enc_hook=repr).decode()
    except (OverflowError, ValueError, TypeError):  # a number too large, half a character, a key that is no text
        return json.dumps(event, default=repr, skipkeys=True)


class _Lines:
    """Writes a line for each event. What cannot be written is lost: no work fails because its log does."""

    def __init__(self, name: str, file: TextIO) -> None:
        self.name = name
        self._file = file

    def msg(self, line: str) -> None:
        with suppress(OSError, ValueError):
            self._file.write(f"{line}\n")

    debug = info = warning = error = critical = exception = msg
