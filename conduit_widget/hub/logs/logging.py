"""The hub's log: one line an event, as text or JSON, with the connection it is about.

A line holds what happened, never what was said or by whom: of an error its type and place, not its text; of a
connection its public id. Secrets are taken out of every line, whoever logs it.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar, Token
from typing import Any, Final, Literal, Protocol, TextIO, TypeVar

import msgspec

from conduit_widget.errors import trace_of
from conduit_widget.hub.logs.redaction import RedactionFilter, install_redaction, redact
from conduit_widget.text.plain_text import json_shown, shown, writable
from conduit_widget.text.times import iso_time

_logger = logging.getLogger(__name__)

LogFormat = Literal["text", "json"]
T = TypeVar("T")

FIELDS: Final = ("hub", "connection_id", "error_id")
"""Fields a record may carry besides its text (``extra=``)."""

_OURS: Final = ("conduit_widget", "uvicorn")
_ROUTINE: Final = ("uvicorn", "httpx2", "httpcore2")
"""Loggers that report every step at ``info``: shown from ``warning`` on; the server at ``debug`` as well."""


class Subject(Protocol):
    """A connection, as far as the log is concerned."""

    connection_id: str
    hub: str


class LogContext:
    """Add the connection's id and hub to every line logged inside ``with LogContext(connection):``.

    Tasks begun inside inherit it, until the block ends: a line of what lives on is about nobody.
    """

    __slots__ = ("_token", "subject")

    def __init__(self, subject: Subject | None) -> None:
        self.subject = subject
        self._token: Token[LogContext | None] | None = None

    def __enter__(self) -> None:
        self._token = _scope.set(self)

    def __exit__(self, *_: object) -> None:
        self.subject = None
        if self._token is not None:
            _scope.reset(self._token)


_scope: ContextVar[LogContext | None] = ContextVar("log_scope", default=None)


async def within(subject: Subject, begin: Callable[[], Awaitable[T]]) -> T:
    """Begin and await some work with its lines about ``subject``."""
    with LogContext(subject):
        return await begin()


def connection_fields(connection_id: str, hub: str) -> Mapping[str, str]:
    """Return the ``extra=`` of a line about a connection."""
    return {"connection_id": connection_id, "hub": hub}


def fields_of(record: logging.LogRecord) -> dict[str, str]:
    """Return what a record carries besides its text: its own fields, else those of its scope."""
    scope = _scope.get()
    subject = None if scope is None else scope.subject
    found = {}
    for name in FIELDS:
        value = record.__dict__.get(name, getattr(subject, name, None))
        if value is not None:
            found[name] = str(value)
    return found


class TextFormatter(logging.Formatter):
    """``2026-01-31T12:00:00.000Z INFO logger: event [connection_id=… hub=…]``."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        fields = " ".join(f"{name}={value}" for name, value in fields_of(record).items())
        line = f"{iso_time(record.created)} {record.levelname} {record.name}: {_event(record)}"
        error = _error(record)
        line = f"{line}: {error}" if error else line
        return shown(f"{line} [{fields}]" if fields else line)


class JsonFormatter(logging.Formatter):
    """One JSON object a line: ``time`` (UTC), ``level``, ``logger``, ``event``, and what is known of it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, Any] = {
            "time": iso_time(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": _event(record),
            **fields_of(record),
        }
        error = _error(record)
        if error:
            line["error"] = error
        return json_shown(msgspec.json.encode(line).decode())


def _event(record: logging.LogRecord) -> str:
    return redact(writable(record.getMessage()))


def _error(record: logging.LogRecord) -> str:
    """Return type and place of a record's error; its text may hold anything."""
    error = record.exc_info[1] if record.exc_info else None
    return "" if error is None else trace_of(error)


def configure_logging(
    level: str, format_: LogFormat = "text", stream: TextIO | None = None
) -> logging.Handler:
    """Send this process's log to ``stream`` (None: stderr); return the handler.

    Below ``info`` only the hub and its server speak: what libraries trace are frames and headers. At ``info``
    there is no line for a message or an answer, whoever handles it.
    """
    number = logging.getLevelNamesMapping()[level.upper()]
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter() if format_ == "json" else TextFormatter())
    handler.addFilter(RedactionFilter())
    logging.basicConfig(level=max(number, logging.INFO), handlers=[handler], force=True)
    logging.getLogger("psycopg").setLevel(logging.ERROR)  # it warns of each piece of a lost connection
    for name in _ROUTINE:
        logging.getLogger(name).setLevel(max(number, logging.WARNING))
    for name in _OURS:
        if name not in _ROUTINE or number < logging.INFO:
            logging.getLogger(name).setLevel(number)
    logging.getLogger("uvicorn.error").addFilter(_is_worth_a_line)
    install_redaction()
    return handler


def _is_worth_a_line(record: logging.LogRecord) -> bool:
    """Whether a line of the server is worth one: why a start failed is said by whoever started it."""
    return not str(record.msg).startswith("Application startup failed")


def capture_warnings_and_uncaught() -> None:
    """Log Python's warnings and uncaught errors; of an error its type and place, not its text."""
    logging.captureWarnings(capture=True)
    sys.excepthook = lambda _kind, error, _trace: _log_uncaught("The process", error)
    threading.excepthook = lambda found: _log_uncaught("A thread", found.exc_value)
    sys.unraisablehook = lambda found: _log_uncaught("A clean-up", found.exc_value)


def _log_uncaught(what: str, error: BaseException | None) -> None:
    if error is not None and not isinstance(error, KeyboardInterrupt):
        _logger.critical("%s failed: %s", what, trace_of(error))
