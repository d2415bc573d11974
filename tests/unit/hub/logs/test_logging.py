"""The hub's log lines, in both formats: what they hold and what they never do."""

from __future__ import annotations

import io
import json
import logging
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from conduit_widget.hub.logs.logging import (
    LogContext,
    LogFormat,
    configure_logging,
    connection_fields,
    within,
)

TIME = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z "
logger = logging.getLogger("conduit_widget.hub.log_lines")


@dataclass
class _Subject:
    connection_id: str = "c-17"
    hub: str = "/hubs/chat"


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """Give the process its logging back."""
    root = logging.getLogger()
    names = ("", "conduit_widget", "uvicorn", "httpx2", "httpcore2", "psycopg")
    handlers, levels = root.handlers[:], {name: logging.getLogger(name).level for name in names}
    root.handlers = []  # configure_logging closes what it finds there
    yield
    root.handlers = handlers
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def _configured(format_: LogFormat, level: str = "debug") -> io.StringIO:
    stream = io.StringIO()
    configure_logging(level, format_, stream)
    return stream


def _raise() -> None:
    raise ValueError("a very private sentence")


def _text_of(stream: io.StringIO) -> str:
    """The lines without their times."""
    lines = stream.getvalue().splitlines()
    return "\n".join(line.split(" ", 1)[1] for line in lines)


def test_a_text_line_is_time_level_logger_event_and_fields() -> None:
    """One line an event: UTC to the millisecond, then what happened, then the connection it is about."""
    stream = _configured("text")
    logger.info("Connection opened: %s", "json", extra=connection_fields("c-17", "/hubs/chat"))
    logger.warning("Nobody's line")
    first, second = stream.getvalue().splitlines()
    assert re.match(TIME, first), first
    assert _text_of(stream).splitlines() == [
        "INFO conduit_widget.hub.log_lines: Connection opened: json [hub=/hubs/chat connection_id=c-17]",
        "WARNING conduit_widget.hub.log_lines: Nobody's line",
    ]
    assert second


def test_a_json_line_has_the_same_by_name() -> None:
    """The same record as an object: time, level, logger, event, and the fields beside them."""
    stream = _configured("json")
    logger.error("Failed", extra={"error_id": "ab12", **connection_fields("c-17", "/hubs/chat")})
    line = json.loads(stream.getvalue())
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "error",
        "logger": "conduit_widget.hub.log_lines",
        "event": "Failed",
        "hub": "/hubs/chat",
        "connection_id": "c-17",
        "error_id": "ab12",
    }


@pytest.mark.parametrize("format_", ["text", "json"])
def test_an_error_is_its_type_and_place_never_its_text(format_: LogFormat) -> None:
    """What an exception says may be content: the log names type, file and function only, on one line."""
    stream = _configured(format_)
    try:
        _raise()
    except ValueError:
        logger.exception("It failed")
    (line,) = stream.getvalue().splitlines()
    assert "ValueError at test_logging.py" in line
    assert "private" not in line
    assert "Traceback" not in line


@pytest.mark.parametrize("format_", ["text", "json"])
def test_control_characters_cannot_forge_a_line(format_: LogFormat) -> None:
    """Whatever a text holds, an event stays one line and no terminal sequence gets through."""
    stream = _configured(format_)
    logger.info("name: %s", "x\n2026-01-01 ERROR forged\r\x1b[2J\x85\u2028end")
    assert len(stream.getvalue().splitlines()) == 1, "splitlines() breaks at every kind of line end"
    assert "\x1b" not in stream.getvalue()


@pytest.mark.parametrize("format_", ["text", "json"])
def test_tokens_and_keys_are_taken_out_whoever_logs_them(format_: LogFormat) -> None:
    """A library's line with a token in it loses the token and keeps the rest."""
    stream = _configured(format_)
    logging.getLogger("somebody.else").warning("GET /x?access_token=%s&n=1", "eyJhbGciOi.eyJzdWIi.c2ln")
    assert "eyJ" not in stream.getvalue()
    assert "access_token=[redacted]&n=1" in stream.getvalue()


def test_below_info_only_the_hub_and_its_server_speak() -> None:
    """Libraries' traces hold frames and headers: at debug they are left out, the hub's own lines are not."""
    stream = _configured("text")
    logging.getLogger("websockets.server").debug("< TEXT 'a very private sentence'")
    logging.getLogger("asyncio").debug("selector")
    logger.debug("ours")
    assert _text_of(stream) == "DEBUG conduit_widget.hub.log_lines: ours"


@pytest.mark.parametrize(("level", "server"), [("info", False), ("debug", True)])
def test_at_info_no_library_tells_of_every_request(
    level: str, server: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line for each answer of a model, and the server's own steps, tell an operator nothing."""
    monkeypatch.setattr(logging.getLogger("uvicorn"), "propagate", True)  # another server may have cut it off
    stream = _configured("text", level)
    for name in ("httpx2", "uvicorn"):
        logging.getLogger(name).info("a step")
        logging.getLogger(name).warning("a warning")
    lines = _text_of(stream).splitlines()
    assert [line for line in lines if line.startswith("WARNING")] == [
        "WARNING httpx2: a warning",
        "WARNING uvicorn: a warning",
    ]
    assert [line for line in lines if line.startswith("INFO")] == ["INFO uvicorn: a step"] * server


def test_what_python_would_print_is_a_line_without_its_text() -> None:
    """A warning, an error of a thread, of a clean-up, and the one that ends the process: JSON, no content."""
    done = subprocess.run([sys.executable, "-c", _FAILING], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [(line["level"], line["event"].split(" at ")[0]) for line in lines[1:]] == [
        ("critical", "A thread failed: ValueError"),
        ("critical", "A clean-up failed: ValueError"),
        ("critical", "The process failed: ValueError"),
    ]
    assert (lines[0]["logger"], lines[0]["level"]) == ("py.warnings", "warning")
    assert "private" not in done.stderr


_FAILING = """
import threading, warnings
from conduit_widget.hub.logs.logging import configure_logging, capture_warnings_and_uncaught
configure_logging("info", "json")
capture_warnings_and_uncaught()
warnings.warn("careful")
class Leaving:
    def __del__(self):
        fail()
def fail():
    raise ValueError("a very private sentence")
thread = threading.Thread(target=fail)
thread.start()
thread.join()
Leaving()
fail()
"""


def test_the_level_is_kept() -> None:
    """At warning, what is only informative is not written, whoever says it."""
    stream = _configured("text", "warning")
    logger.info("no")
    logging.getLogger("somebody.else").info("no")
    logger.warning("yes")
    assert _text_of(stream) == "WARNING conduit_widget.hub.log_lines: yes"


async def test_lines_of_work_for_a_connection_carry_its_id_until_the_block_ends() -> None:
    """Work begun for a connection is logged as about it; what a line says of itself wins; later, nobody."""
    stream = _configured("json")

    async def work() -> None:
        logger.info("inside")

    await within(_Subject(), work)
    with LogContext(_Subject()):
        logger.info("of another", extra=connection_fields("c-18", "/hubs/status"))
    logger.info("outside")
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(line["event"], line.get("connection_id"), line.get("hub")) for line in lines] == [
        ("inside", "c-17", "/hubs/chat"),
        ("of another", "c-18", "/hubs/status"),
        ("outside", None, None),
    ]
