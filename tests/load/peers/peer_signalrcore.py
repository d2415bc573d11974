"""StreamToken through signalrcore (threads); see measure.py."""

from __future__ import annotations

import logging
import threading
from typing import Any

from signalrcore.hub_connection_builder import (  # type: ignore[import-untyped,import-not-found,unused-ignore] # installed by client.py
    HubConnectionBuilder,
)

from tests.load.peers.measure import Measure


def main() -> None:
    """Run every phase."""
    measure = Measure()
    left = 0
    connection = HubConnectionBuilder().with_url(measure.url).configure_logging(logging.ERROR).build()
    opened, done = threading.Event(), threading.Event()

    def on_token(arguments: list[Any]) -> None:
        nonlocal left
        left -= 1
        if not left:
            done.set()

    connection.on_open(opened.set)
    connection.on("StreamToken", on_token)
    connection.start()
    if not opened.wait(10):
        raise SystemExit("signalrcore did not connect")
    for phase in measure.phases():
        left = measure.left
        done.clear()
        connection.send("Go", list(phase))
        done.wait()
    measure.report()


main()
