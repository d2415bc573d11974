"""Room for sockets."""

from __future__ import annotations

import errno
import logging
from typing import Any

import pytest

from conduit_widget.hub import open_files

INFINITE = -1


class Resource:
    """The system's limits, as the tests want them."""

    RLIMIT_NOFILE = 7
    RLIM_INFINITY = INFINITE

    def __init__(self, soft: int, hard: int) -> None:
        self.limits = (soft, hard)

    def getrlimit(self, kind: int) -> tuple[int, int]:
        assert kind == self.RLIMIT_NOFILE
        return self.limits

    def setrlimit(self, kind: int, limits: tuple[int, int]) -> None:
        assert kind == self.RLIMIT_NOFILE
        self.limits = limits


@pytest.mark.parametrize(
    ("soft", "hard", "after", "warns"),
    [
        (1024, 20_000, 10_256, False),
        (20_000, 20_000, 20_000, False),
        (1024, 4096, 4096, True),
        (1024, INFINITE, 10_256, False),
        (INFINITE, INFINITE, INFINITE, False),
    ],
)
def test_limit_of_open_files_is_raised_as_far_as_needed(  # noqa: PLR0917 - a table
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    soft: int,
    hard: int,
    after: int,
    warns: bool,
) -> None:
    """Ten thousand connections fit, or the log says how many do and what to raise."""
    system: Any = Resource(soft, hard)
    monkeypatch.setattr(open_files, "resource", system)
    with caplog.at_level(logging.WARNING):
        open_files.raise_open_file_limit(10_000)
    assert system.limits == (after, hard)
    assert ("ulimit -n" in caplog.text) is warns


def test_system_without_such_a_limit_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows."""
    monkeypatch.setattr(open_files, "resource", None)
    open_files.raise_open_file_limit(10_000)


@pytest.mark.parametrize(("soft", "limit"), [(128, 32), (10_256, 1024), (INFINITE, 1024), (2, 1)])
def test_strangers_have_a_share_of_the_files(monkeypatch: pytest.MonkeyPatch, soft: int, limit: int) -> None:
    """A quarter, and no more than are of use."""
    system: Any = Resource(soft, soft)
    monkeypatch.setattr(open_files, "resource", system)
    assert open_files.strangers_limit() == limit
    monkeypatch.setattr(open_files, "resource", None)
    assert open_files.strangers_limit() == 1024


async def test_missing_files_are_told_once_a_minute_and_make_the_hub_unready(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Only what says that a connection found no file; half a minute later all is well again."""
    now = 0.0
    files = open_files.OpenFiles(lambda: now)
    context = {"socket": object(), "exception": OSError(errno.EMFILE, "Too many open files")}
    assert await files.check() is None
    assert not files.missed({"exception": OSError(errno.EMFILE, "of something else")})
    assert not files.missed({"socket": object(), "exception": OSError(errno.ECONNRESET, "reset")})
    for _ in range(100):
        assert files.missed(context)
    assert "ulimit -n" in caplog.text
    assert len(caplog.records) == 1
    assert "raise the limit" in (await files.check() or "")
    now = 31.0
    assert await files.check() is None
    now = 61.0
    assert files.missed(context)
    assert len(caplog.records) == 2
