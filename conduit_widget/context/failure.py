"""An error in words: the code that raised it and its traceback, without the frames of the shell."""

from __future__ import annotations

import linecache
import sys
import traceback
from types import TracebackType
from typing import Any, Final

from conduit_widget.context.described import Draft, fenced
from conduit_widget.errors import ConduitError
from conduit_widget.text.said import Said

MAX_CODE_CHARS: Final = 8_000
MAX_TRACEBACK_CHARS: Final = 6_000


def last_error() -> BaseException:
    """Return the newest error that nobody caught, as the shell keeps it.

    Raises:
        ConduitError: nothing has failed yet.

    """
    error = getattr(sys, "last_value", None)
    if not isinstance(error, BaseException):
        raise ConduitError("Nothing has failed yet.")
    return error


def error_text(error: BaseException, namespace: dict[str, Any] | None) -> str:
    """Return the failed code and the traceback as Markdown.

    Of long code its beginning is taken, of a long traceback its end; what was cut is said. ``namespace`` is
    the notebook's: the frames before it are the shell's own, and are left out.
    """
    own = _own_part(error.__traceback__, namespace)
    code = _code(error, own).rstrip()
    parts = [fenced(_beginning(code), "python")] if code.strip() else []
    return "\n\n".join([*parts, fenced(_traceback(error, own, namespace))])


def error_draft(error: BaseException, namespace: dict[str, Any] | None) -> Draft:
    """Describe an error."""
    return Draft.titled(
        "error", Said.of("{type} with its code", type=type(error).__name__), error_text(error, namespace)
    )


def _own_part(found: TracebackType | None, namespace: dict[str, Any] | None) -> TracebackType | None:
    if namespace is None:
        return found
    while found is not None and found.tb_frame.f_globals is not namespace:
        found = found.tb_next
    return found


def _code(error: BaseException, own: TracebackType | None) -> str:
    if own is not None:
        return "".join(linecache.getlines(own.tb_frame.f_code.co_filename))
    if isinstance(error, SyntaxError):
        lines = linecache.getlines(error.filename) if error.filename else []
        return "".join(lines) or error.text or ""
    return ""


def _traceback(error: BaseException, own: TracebackType | None, namespace: dict[str, Any] | None) -> str:
    told = traceback.TracebackException(type(error), error, own, compact=True)
    cells = {
        frame.f_code.co_filename
        for frame, _ in traceback.walk_tb(own)
        if namespace is not None and frame.f_globals is namespace
    }
    for summary in told.stack:
        if summary.filename in cells:
            summary.filename = "cell"  # what the shell calls it is a path of this machine
    text = "".join(told.format()).rstrip()
    if len(text) <= MAX_TRACEBACK_CHARS:
        return text
    return f"[the beginning was cut]\n{text[-MAX_TRACEBACK_CHARS:]}"


def _beginning(code: str) -> str:
    return code if len(code) <= MAX_CODE_CHARS else f"{code[:MAX_CODE_CHARS]}\n# the rest was cut"
