"""What every Python peer does alike: the phases and the CPU time of this process. Imports no client.

The handler counts for itself, which is the least a handler can do: ``measure.left`` says how many to expect.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator


class Measure:
    """Reads its settings from CONDUIT_LOAD: url, messages, per_frame, repeats, pause (µs between frames)."""

    def __init__(self) -> None:
        settings = json.loads(os.environ["CONDUIT_LOAD"])
        self.url: str = settings["url"]
        self._messages: int = settings["messages"]
        self._per_frame: list[int] = settings["per_frame"]
        self._repeats: int = settings["repeats"]
        self._pause: int = settings["pause"]
        self.left = 0
        self._results: dict[str, list[float]] = {}

    def phases(self) -> Iterator[tuple[int, int, int]]:
        """Yield (records per frame, frames, pause) to ask for; ends when everything is measured.

        The first phase of each kind only warms up.
        """
        for per_frame in self._per_frame:
            costs = []
            for _ in range(self._repeats + 1):
                frames = self._messages // per_frame
                self.left = frames * per_frame
                began = time.process_time()
                yield per_frame, frames, self._pause
                costs.append((time.process_time() - began) / (frames * per_frame) * 1e6)
            self._results[str(per_frame)] = costs[1:]

    def report(self) -> None:
        """Print CPU µs per message, by records per frame, and end the process."""
        print(json.dumps(self._results), flush=True)
        sys.stdout.flush()
        os._exit(0)  # some peers' threads do not end
