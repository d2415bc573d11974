"""What a server imports, and when."""

from __future__ import annotations

import subprocess
import sys

CHECK = """
import asyncio, sys
import conduit_widget.jupyter.extension
view = "conduit_widget.jupyter.views.session"
assert view not in sys.modules, "a server that starts imports nothing of it"
from conduit_widget.jupyter.loading import loaded

async def main():
    turns = 0

    async def turn():
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    turning = asyncio.create_task(turn())
    await loaded()
    turning.cancel()
    assert turns > 1, "the event loop stood still"

asyncio.run(main())
before = set(sys.modules)
from conduit_widget.jupyter.hub_choice import choose_hub
from conduit_widget.jupyter.identity import person_of
from conduit_widget.jupyter.views.frames import decode_text
from conduit_widget.jupyter.views.outbox import ViewOutbox
from conduit_widget.jupyter.views.session import ViewSession
from conduit_widget.kernel.loop_thread import loop_thread
from conduit_widget.widget.chat.backend import check_conversation
print(sorted(set(sys.modules) - before))
"""


def test_the_first_request_loads_what_a_view_needs_and_the_loop_goes_on() -> None:
    """A page asks at its first chat; a view that a busy kernel makes it open has nothing left to load."""
    done = subprocess.run([sys.executable, "-c", CHECK], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr
