"""Virtual environments with another ipykernel, or other packages more, over all else that is installed."""

from __future__ import annotations

import asyncio
import sys
import sysconfig
import tempfile
from pathlib import Path

ROOT = Path(tempfile.gettempdir()) / "conduit-widget-kernels"


async def kernel_python(version: str) -> str:
    """Return the Python of an environment with that ipykernel, made at first use and kept for later runs."""
    return await python_with(version, f"ipykernel=={version}")


async def python_with(name: str, *packages: str) -> str:
    """Return the Python of an environment with more packages, made at first use and kept for later runs."""
    home = ROOT / f"{sys.version_info.major}.{sys.version_info.minor}-{name}"
    python = home / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    done = home / "complete"
    if not done.exists():
        await _run(sys.executable, "-m", "venv", "--clear", str(home))
        await _run(str(python), "-m", "pip", "install", "--quiet", *packages)
    # What this run has installed (the package under test, the widgets) stands behind the environment's own.
    (site,) = home.glob("**/site-packages")
    (site / "under_test.pth").write_text(f"{sysconfig.get_path('purelib')}\n{Path(__file__).parents[3]}\n")
    done.touch()
    return str(python)


async def _run(*command: str) -> None:
    process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
    _, problems = await process.communicate()
    assert process.returncode == 0, problems.decode(errors="replace")[-2000:]
