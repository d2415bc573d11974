"""How often Python looks for reference cycles in a process that is a hub and nothing else."""

from __future__ import annotations

import gc
from typing import Final

THRESHOLDS: Final = (10_000, 3, 5)


def look_less_often() -> None:
    """Search for cycles every ten thousand new objects instead of seven hundred, what is imported never.

    Messages under way are a few thousand objects that soon go by themselves: searched through again and
    again, they cost a tenth of a busy hub's CPU. The older generations are searched as often as ever: what
    opening a connection leaves behind would weigh more than the connection.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
