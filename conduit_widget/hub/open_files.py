"""Room for as many sockets as the hub allows connections."""

from __future__ import annotations

import contextlib
import logging
from typing import Any, Final

resource: Any
try:
    import resource
except ImportError:  # Windows knows no such limit
    resource = None

SPARE_FILES: Final = 256

logger = logging.getLogger(__name__)


def make_room_for(connections: int) -> None:
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
        logger.warning(
            "The system allows %d open files, %d connections want %d: raise it (ulimit -n, LimitNOFILE=).",
            allowed,
            connections,
            wanted,
        )
