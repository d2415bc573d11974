"""No token or key in any log line, whoever writes it (uvicorn prints WebSocket URLs with their query)."""

from __future__ import annotations

import logging
import re
from typing import Final

REDACTED: Final = "[redacted]"
_SECRET: Final = re.compile(
    r"(?P<keep>(?:access_token|api_key|mint_key)(?:=|%3D)|\bbearer(?:\s|%20)+|x-api-key\W{1,4}(?:b['\"])?)"
    r"(?!\[redacted\])[^\s&\"'<>,;)\]}]+",
    re.IGNORECASE,
)
# The id of a connection in a query is its secret; events and polls put it into the access log.
_BARE: Final = re.compile(r"\beyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*|\bcondt_[\w-]+|(?<=\bid=)[\w-]{20,}")
_LOGGERS: Final = (
    "uvicorn",
    "uvicorn.access",
    "uvicorn.error",
    "uvicorn.asgi",
    "asyncio",
    "websockets.server",
    "conduit_widget",
)
_formatter = logging.Formatter()


def redact(text: str) -> str:
    """Return ``text`` without the values of tokens and keys."""
    return _BARE.sub(REDACTED, _SECRET.sub(rf"\g<keep>{REDACTED}", text))


class RedactionFilter(logging.Filter):
    """Rewrites a record's message, arguments and traceback; never drops it."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Take the secrets out of ``record``."""
        if record.name == "uvicorn.access" and isinstance(record.args, tuple):
            # Its formatter unpacks the arguments, so their number and order must stay.
            record.args = tuple(redact(arg) if isinstance(arg, str) else arg for arg in record.args)
            return True
        message = record.getMessage()
        clean = redact(message)
        if clean != message:
            record.msg, record.args = clean, ()
        if record.exc_info and record.exc_info[0] is not None and record.exc_text is None:
            record.exc_text = redact(_formatter.formatException(record.exc_info))
        return True


_filter = RedactionFilter()


def install_redaction() -> None:
    """Put the filter on the loggers of the server and of this package. Idempotent.

    A logger's filters see only what is logged on that very logger, so each one below ours gets it too.
    """
    existing = [name for name in logging.root.manager.loggerDict if name.startswith("conduit_widget.")]
    for name in (*_LOGGERS, *existing):
        logging.getLogger(name).addFilter(_filter)
