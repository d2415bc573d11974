"""The newest error of a shell as a question: the code that raised it and its traceback."""

from __future__ import annotations

import linecache
import sys
import traceback
from types import TracebackType
from typing import Any, Final

from conduit_widget.errors import ConduitError

MAX_CODE_CHARS: Final = 8_000
MAX_TRACEBACK_CHARS: Final = 6_000

_REQUEST: Final = (
    "This Python code of my notebook failed. Say in a sentence why, "
    "then give the corrected code in one code block."
)


def question_about_last_error(namespace: dict[str, Any], remark: str = "") -> str:
    """Return a prompt with the code that failed, what it raised, and a ``remark`` of the person who asks.

    Of long code its beginning is taken, of a long traceback its end; what was cut is said.

    Raises:
        ConduitError: nothing has failed yet.

    """
    error = getattr(sys, "last_value", None)
    if not isinstance(error, BaseException):
        raise ConduitError("Nothing has failed yet, so there is nothing to fix.")
    own = _own_part(error.__traceback__, namespace)
    code = _code(error, own)
    parts = [_REQUEST]
    if remark.strip():
        parts.append(remark.strip())
    if code.strip():
        parts.append(_fenced("python", _beginning(code.rstrip())))
    parts.append(_fenced("text", _traceback(error, own)))
    return "\n\n".join(parts)


def _own_part(found: TracebackType | None, namespace: dict[str, Any]) -> TracebackType | None:
    """Skip the frames of the shell itself."""
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


def _traceback(error: BaseException, own: TracebackType | None) -> str:
    told = traceback.TracebackException(type(error), error, own, compact=True)
    names = None if own is None else own.tb_frame.f_globals
    cells = {frame.f_code.co_filename for frame, _ in traceback.walk_tb(own) if frame.f_globals is names}
    for summary in told.stack:
        if summary.filename in cells:
            summary.filename = "cell"  # what the shell calls it is a path of this machine
    text = "".join(told.format()).rstrip()
    if len(text) <= MAX_TRACEBACK_CHARS:
        return text
    return f"[the beginning was cut]\n{text[-MAX_TRACEBACK_CHARS:]}"


def _beginning(code: str) -> str:
    return code if len(code) <= MAX_CODE_CHARS else f"{code[:MAX_CODE_CHARS]}\n# the rest was cut"


def _fenced(language: str, text: str) -> str:
    """Put a text between fences that are longer than any within it."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}{language}\n{text}\n{fence}"
