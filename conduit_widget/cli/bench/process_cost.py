"""CPU time and memory of another process on this machine, as Linux tells them; None elsewhere."""

from __future__ import annotations

from pathlib import Path


def cpu_seconds(pid: int | None) -> float | None:
    """Return the CPU time all threads have used so far (to the nanosecond where the kernel counts it)."""
    if pid is None:
        return None
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9
    except (OSError, ValueError, IndexError):
        return None


def resident_bytes(pid: int | None) -> int | None:
    """Return the memory the process holds."""
    if pid is None:
        return None
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        return None
    return None
