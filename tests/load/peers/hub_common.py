"""What the servers of the fan-out comparison have in common: the text, the number of files, the port."""

from __future__ import annotations

import os
import resource
import sys

BYTES = int(os.environ.get("CONDUIT_LOAD_BYTES", "120"))
MARK = "fan-out!"


def text(envelope: int) -> str:
    """Return a text that, beside ``envelope`` bytes of the protocol's own, makes the payload BYTES long."""
    return MARK + "x" * (BYTES - envelope - len(MARK))


def allow_files() -> None:
    """Let a thousand clients in."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def ready(port: int) -> None:
    """Print where the server is."""
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
