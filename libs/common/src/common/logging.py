"""Structured logs on standard error: one JSON object (or one readable line) an event, with the correlation id.

No personal data: log ids, codes, counts and times.
"""

import logging
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, Literal

import structlog

from common import context


def configure_logging(*, level: str, format: Literal["json", "console"]) -> None:  # noqa: A002 - the setting's name
    """Set up structlog and the standard library's loggers alike. Called once a process, by its entry point."""
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        _add_correlation,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False) if format == "json" else structlog.dev.ConsoleRenderer()
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer]
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)


def _add_correlation(_: Any, __: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    correlation_id = context.correlation_id.get()
    if correlation_id is not None:
        event.setdefault("correlation_id", correlation_id)
    return event
