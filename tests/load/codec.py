"""``python -m tests.load codec``: CPU time to encode and decode one StreamToken, both encodings.

Medians of several repeats of process CPU time. ``decode`` is the codec on one record; ``feed`` adds the
record's framing and the incremental reader; ``feed x64`` is the cost of each of 64 records in one feed.
Goals: encode at most 0.6 µs, decode at most 0.8 µs.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Final

from conduit_widget.protocol import json_protocol, messagepack_protocol
from conduit_widget.protocol.framing import BinaryRecordReader, TextRecordReader
from conduit_widget.protocol.hub_protocol import HubProtocol
from conduit_widget.protocol.json_protocol import JsonHubProtocol
from conduit_widget.protocol.messagepack_protocol import MessagePackHubProtocol
from tests.load.tokens import RECORDS

ROUNDS: Final = 50_000
TOGETHER: Final = 64
LIMIT_BYTES: Final = 1 << 20
ENCODE_GOAL: Final = 0.6
DECODE_GOAL: Final = 0.8


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``codec``."""
    parser.add_argument("--repeats", type=int, default=9)


def run(arguments: argparse.Namespace) -> int:
    """Measure and print."""
    print(f"CPU µs per StreamToken, median (lowest) of {arguments.repeats}")
    heads = ("encode", "decode", "feed", f"feed x{TOGETHER}")
    print(f"{'encoding':12} {'record':7} {'bytes':>5}" + "".join(f"{head:>14}" for head in heads))
    for protocol, reader, decode_record in (
        (JsonHubProtocol(), TextRecordReader(LIMIT_BYTES), json_protocol._decode),
        (MessagePackHubProtocol(), BinaryRecordReader(LIMIT_BYTES), _decode_messagepack),
    ):
        _measure(protocol, reader.feed, decode_record, arguments.repeats)
    print(f"goals: encode {ENCODE_GOAL}, decode {DECODE_GOAL}")
    return 0


def _measure(
    protocol: HubProtocol,
    split: Callable[[bytes], list[bytes]],
    decode: Callable[[bytes], object],
    repeats: int,
) -> None:
    for name, message in RECORDS.items():
        framed = protocol.encode(message)
        (record,) = split(framed)
        feed = protocol.decoder(LIMIT_BYTES).feed
        columns = (
            _cost(partial(protocol.encode, message), 1, repeats),
            _cost(partial(decode, record), 1, repeats),
            _cost(partial(feed, framed), 1, repeats),
            _cost(partial(feed, framed * TOGETHER), TOGETHER, repeats),
        )
        cells = "".join(f"{f'{statistics.median(costs):.2f} ({min(costs):.2f})':>14}" for costs in columns)
        print(f"{protocol.name:12} {name:7} {len(framed):5}{cells}", flush=True)


def _decode_messagepack(record: bytes) -> object:
    return messagepack_protocol._from_record(messagepack_protocol._decode(record))


def _cost(work: Callable[[], object], messages: int, repeats: int) -> list[float]:
    """Return the CPU time of one message in µs, once for each repeat, the loop's own cost included."""
    costs = []
    rounds = ROUNDS // messages
    for _ in range(repeats):
        began = time.process_time()
        for _ in range(rounds):
            work()
        costs.append((time.process_time() - began) / (rounds * messages) * 1e6)
    return costs
