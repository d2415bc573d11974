"""Who sends a queue: one process at a time, and another one as soon as that one has ended."""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

from filelock import FileLock, Timeout

from conduit_widget.chat_client.offline.entries import Place


class SenderLock:
    """A lock of the operating system, which is released with the process that holds it, however it ends.

    Where none can be had (a file system without locks), everybody sends: the hub takes each message once.

    Args:
        folder: where the queues are; None where this process has them for itself.
        place: which queue.

    """

    def __init__(self, folder: Path | None, place: Place) -> None:
        name = hashlib.blake2b(
            "\n".join((place.hub, place.user, place.conversation)).encode(), digest_size=12
        )
        self._path = None if folder is None else folder / f"sender-{name.hexdigest()}.lock"
        self._lock: FileLock | None = None
        self._process = 0

    def acquire(self) -> bool:
        """Become the one who sends, if nobody else is; never waits."""
        if self._path is None:
            return True
        if self._lock is not None and self._process == os.getpid():
            return True
        lock = FileLock(self._path, timeout=0, thread_local=False, is_singleton=False)
        try:
            lock.acquire()
        except Timeout:
            return False
        except (OSError, NotImplementedError):
            return True
        self._lock, self._process = lock, os.getpid()
        return True

    def release(self) -> None:
        """Let others send."""
        lock, self._lock = self._lock, None
        if lock is not None:
            with contextlib.suppress(OSError):
                lock.release()
