"""Raises the process's open-file limit to fit the connection limit, and notices when files run out."""

from __future__ import annotations

import contextlib
import errno
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from conduit_widget.log_rate import OnceAMinute

resource: Any
try:
    import resource
except ImportError:  # Windows knows no such limit
    resource = None

SPARE_FILES: Final = 256
MAX_STRANGERS: Final = 1024
STRANGERS_SHARE: Final = 4
RECENT: Final = 30.0
"""For how many seconds the hub calls itself out of files after the last one it could not have."""
_EXHAUSTED: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})

_logger = logging.getLogger(__name__)


def raise_open_file_limit(connections: int) -> None:
    """Raise this process's limit of open files as far as needed; warn of a system that allows fewer."""
    if resource is None:
        return
    wanted = connections + SPARE_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    if allowed < wanted:
        _logger.warning(
            "The system allows %d open files, %d connections want %d: raise it (ulimit -n, LimitNOFILE=).",
            allowed,
            connections,
            wanted,
        )


def strangers_limit() -> int:
    """Return how many sockets without a token to let be: a quarter of what this process may open at most."""
    if resource is None:
        return MAX_STRANGERS
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return (
        MAX_STRANGERS
        if soft == resource.RLIM_INFINITY
        else max(1, min(MAX_STRANGERS, soft // STRANGERS_SHARE))
    )


class OpenFiles:
    """Knows when the process had no file descriptor left for a connection; tells the log once a minute.

    ``clock`` in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._missed_at: float | None = None
        self._once = OnceAMinute(clock)

    def missed(self, context: Mapping[str, Any]) -> bool:
        """Return whether an event loop's error says that no file is left; note it and log it if so."""
        error = context.get("exception")
        if "socket" not in context or not isinstance(error, OSError) or error.errno not in _EXHAUSTED:
            return False
        self._missed_at = self._clock()
        if self._once.may_tell("no open files"):
            _logger.error(
                "No open files are left, new connections have to wait (%s): raise the limit (ulimit -n,"
                " LimitNOFILE=). Who is connected is served.",
                errno.errorcode[error.errno],
            )
        return True

    @property
    def missing(self) -> bool:
        """Whether the process ran out of files within the last half minute."""
        return self._missed_at is not None and self._clock() - self._missed_at <= RECENT

    async def check(self) -> str | None:
        """Return the reason ``/readyz`` gives, ``None`` while there are enough."""
        if not self.missing:
            return None
        return "None are left, new connections have to wait; raise the limit (ulimit -n, LimitNOFILE=)."
