"""Log lines: one JSON object each, ours and the libraries' alike, with the id of the request that they belong to."""

import io
import json
import logging
import sys
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
import structlog

from common import context
from common.logging import configure_logging


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Logging belongs to the process: leave it as it was."""
    root, config, configured = logging.getLogger(), structlog.get_config(), structlog.is_configured()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    if configured:
        structlog.configure(**config)


@pytest.fixture
def correlated() -> Iterator[str]:
    token = context.correlation_id.set("cart-7f")
    yield "cart-7f"
    context.correlation_id.reset(token)


def lines(captured: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    out, err = captured.readouterr()
    assert out == ""
    return [json.loads(line) for line in err.splitlines()]


def failing() -> None:
    raise RuntimeError("out of order")


def test_a_line_is_one_json_object_with_the_correlation_id(capsys: pytest.CaptureFixture[str], correlated: str) -> None:
    configure_logging(level="INFO", format="json")
    structlog.get_logger("shop").info("order placed", order_id=UUID(int=1), amount_minor=3480, 團長=["a\nb"])

    [line] = lines(capsys)
    assert line["event"] == "order placed"
    assert line["level"] == "info"
    assert line["logger"] == "shop"
    assert line["correlation_id"] == correlated
    assert line["amount_minor"] == 3480
    assert line["團長"] == ["a\nb"]
    assert str(UUID(int=1)) in line["order_id"]
    assert line["timestamp"].endswith("Z")


def test_outside_of_a_request_there_is_no_correlation_id(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(level="INFO", format="json")
    structlog.get_logger("shop").info("started")

    assert "correlation_id" not in lines(capsys)[0]


def test_an_id_that_is_given_wins(capsys: pytest.CaptureFixture[str], correlated: str) -> None:
    configure_logging(level="INFO", format="json")
    structlog.get_logger("shop").info("replayed", correlation_id="of the event")

    assert lines(capsys)[0]["correlation_id"] == "of the event"


def test_the_libraries_lines_look_the_same(capsys: pytest.CaptureFixture[str], correlated: str) -> None:
    configure_logging(level="INFO", format="json")
    logging.getLogger("uvicorn.error").warning("worker %d of %s", 3, "shop")

    [line] = lines(capsys)
    assert (line["event"], line["level"], line["logger"]) == ("worker 3 of shop", "warning", "uvicorn.error")
    assert line["correlation_id"] == correlated


@pytest.mark.parametrize(
    "logger", [structlog.get_logger("shop"), logging.getLogger("shop")], ids=["ours", "a library's"]
)
def test_an_exception_is_in_its_line(capsys: pytest.CaptureFixture[str], logger: Any) -> None:
    configure_logging(level="INFO", format="json")
    try:
        failing()
    except RuntimeError:
        logger.exception("request failed")

    [line] = lines(capsys)
    assert (line["event"], line["level"]) == ("request failed", "error")
    assert "RuntimeError: out of order" in line["exception"]
    assert "in failing" in line["exception"]
    assert "exc_info" not in line


def test_an_exception_that_is_given_is_in_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(level="INFO", format="json")
    structlog.get_logger("shop").error("request failed", exc_info=ValueError("given"))

    assert "ValueError: given" in lines(capsys)[0]["exception"]


def test_variables_of_a_failing_function_stay_out(capsys: pytest.CaptureFixture[str]) -> None:
    """They may be personal."""

    def read(phone: str) -> int:
        return int(phone.replace("8", "x"))

    canary = "a planted canary 8"
    for kind in ("json", "console"):
        configure_logging(level="INFO", format=kind)
        try:
            read(canary)
        except ValueError:
            structlog.get_logger(f"shop {kind}").error("request failed", exc_info=True)
        assert canary not in capsys.readouterr().err


def test_what_json_cannot_write_is_written_all_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(level="INFO", format="json")
    log = structlog.get_logger("shop")
    log.info("odd", raw=b"\xff", kind=ValueError, many={1, 2}, nothing=...)
    log.info("odd", large=2**70, half="\ud83c", **{"a key": object()})

    assert [line["event"] for line in lines(capsys)] == ["odd", "odd"]


def test_no_work_fails_because_its_log_does(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = io.StringIO()
    monkeypatch.setattr(sys, "stderr", closed)
    configure_logging(level="INFO", format="json")
    closed.close()

    structlog.get_logger("shop").info("nobody reads this")


@pytest.mark.parametrize(("level", "seen"), [("DEBUG", 3), ("INFO", 2), ("WARNING", 1), ("ERROR", 0)])
def test_what_is_less_severe_than_the_level_is_not_written(
    capsys: pytest.CaptureFixture[str], level: str, seen: int
) -> None:
    configure_logging(level=level, format="json")
    logger = structlog.get_logger(f"shop at {level}")
    logger.debug("a")
    logger.info("b")
    logging.getLogger("library").warning("c")

    assert len(lines(capsys)) == seen


def test_a_console_line_is_for_people(capsys: pytest.CaptureFixture[str], correlated: str) -> None:
    configure_logging(level="INFO", format="console")
    try:
        failing()
    except RuntimeError:
        structlog.get_logger("shop on a console").exception("request failed", order_id="o-1")

    err = capsys.readouterr().err
    for said in ("request failed", "o-1", correlated, "RuntimeError", "out of order"):
        assert said in err


def test_configuring_again_writes_each_line_once(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(3):
        configure_logging(level="INFO", format="json")
    logging.getLogger("library").info("once")

    assert len(lines(capsys)) == 1
