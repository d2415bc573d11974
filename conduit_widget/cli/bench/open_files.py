"""Room for many sockets in this process and the ones it starts."""

from __future__ import annotations

import resource

from conduit_widget.cli.bench.crowd import BenchError


def allow_open_files(count: int) -> None:
    """Raise the limit of open files as far as this user may.

    Raises:
        BenchError: fewer than ``count`` are allowed.

    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard != resource.RLIM_INFINITY and hard < count:
        raise BenchError(
            f"Only {hard} files may be open here, {count} are needed: raise `ulimit -n`, or ask less."
        )
