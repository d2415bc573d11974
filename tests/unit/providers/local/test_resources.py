"""What of the machine a local model may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from conduit_widget.providers.local import resources


@pytest.mark.parametrize(
    ("quota", "cpus"),
    [("max 100000", 64), ("200000 100000", 2), ("150000 100000", 2), ("x", 64), ("50 100", 1)],
)
def test_threads_fit_the_container(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quota: str, cpus: int
) -> None:
    """A container with two CPUs on a machine of 64 gets one thread, so that the kernel keeps the other."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(64)), raising=False)
    (tmp_path / "cpu.max").write_text(quota)
    assert resources.usable_cpus(tmp_path) == cpus


def test_memory_is_what_the_container_has_left(tmp_path: Path) -> None:
    """The smaller of the machine's and the container's; the container's file cache counts as free."""
    info = tmp_path / "meminfo"
    info.write_text("MemTotal: 64 kB\nMemAvailable:   32 kB\n")
    assert resources.available_memory(info, tmp_path) == 32 * 1024
    (tmp_path / "memory.max").write_text("10000\n")
    (tmp_path / "memory.current").write_text("9000\n")
    (tmp_path / "memory.stat").write_text("anon 5\ninactive_file 500\n")
    assert resources.available_memory(info, tmp_path) == 1500
    assert resources.available_memory(tmp_path / "none", tmp_path / "none") is None
