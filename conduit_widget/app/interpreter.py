"""How Python runs a process that is a hub and nothing else."""

from __future__ import annotations

import gc
import sys
from typing import Final

CYCLE_THRESHOLDS: Final = (50_000, 3, 5)
"""Search for reference cycles every fifty thousand new objects instead of seven hundred.

Messages under way are ten thousand objects and more that soon go by themselves: searched through again and
again, they cost a tenth of a busy hub's CPU. The older generations are searched as often as ever: what
opening a connection leaves behind would weigh more than the connection.
"""

SWITCH_INTERVAL: Final = 0.02
"""Seconds for which the event loop or the history's writer may keep the interpreter from the other.

Both let go by themselves at every system call and statement, long before; a forced switch (Python's own 5 ms)
only costs, about a tenth of what a busy hub can commit.
"""


def tune_for_hub() -> None:
    """Set both for this process; what is imported by now is never searched for cycles again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*CYCLE_THRESHOLDS)
    sys.setswitchinterval(SWITCH_INTERVAL)
