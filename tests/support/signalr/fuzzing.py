"""Random and broken input for the parsers and both ends of a session; a finding is a broken promise.

What must hold, whatever comes: only the promised errors are raised; how the bytes are cut makes no difference
to what is understood before the first error; nothing above the limit is waited for; after an error a session
is closed and silent.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from conduit_widget.errors import LocalProtocolError, RemoteProtocolError
from conduit_widget.protocol.framing import RECORD_SEPARATOR, write_varint
from conduit_widget.protocol.hub_protocol import HubProtocol
from conduit_widget.protocol.json_protocol import JsonHubProtocol
from conduit_widget.protocol.messagepack_protocol import MessagePackHubProtocol
from conduit_widget.protocol.messages import (
    Ack,
    CancelInvocation,
    Close,
    Completion,
    HubMessage,
    Invocation,
    Ping,
    Sequence,
    StreamInvocation,
    StreamItem,
)
from conduit_widget.protocol.session import HandshakeCompleted, HandshakeRefused, Session, SessionState

JSON: Final = JsonHubProtocol()
MESSAGEPACK: Final = MessagePackHubProtocol()
PROTOCOLS: Final[Mapping[str, HubProtocol]] = {JSON.name: JSON, MESSAGEPACK.name: MESSAGEPACK}
LIMIT: Final = 4096

_TEXTS: Final = ("", "a", "Echo", "č", "\u2028", "\U0001f44b", "\x00", "\x1e", '"', "\\", "x" * 200, "\n")
_NUMBERS: Final = (0, 1, -1, 127, 128, 255, 256, 2**31, -(2**31) - 1, 2**53, 2**63 - 1, -(2**63), 1.5, 1e308)
_SCRAPS: Final = (
    *(b"\x1e", b"\n", b"{", b"}", b"[", b"]", b'"', b":", b",", b"null", b"\xff", b"\xef\xbb\xbf", b"\x00"),
    *(
        b'{"type":1}',
        b'{"type":99}\x1e',
        b'{"type":"1"}\x1e',
        b"{}\x1e",
        b'{"protocol":"json","version":1}\x1e',
    ),
    *(
        b'{"error":"no"}\x1e',
        b"\x80\x80\x80\x80\x08",
        b"\xff\xff\xff\xff\x07",
        b"\x02\x91\x06",
        b"\x02\x91\x63",
    ),
    *(
        b"\x91" * 50,
        b"[" * 300,
        b"\xc1",
        b"\xdf\xff\xff\xff\xff",
        b"\xc7\x08\x05",
        b"\xd6\xff\x00\x00\x00\x01",
    ),
)


class Finding(AssertionError):  # noqa: N818 - it is what the fuzzing found
    """A broken promise, with the seed that shows it again."""


@dataclass
class FuzzReport:
    """What a run did."""

    rounds: int = 0
    messages: int = 0
    refused: int = 0
    seconds: float = 0.0
    kinds: dict[str, int] = field(default_factory=dict)


def fuzz(
    seed: int,
    seconds: float,
    kinds: Mapping[str, Callable[[random.Random], int]] | None = None,
    *,
    least: int = 0,
) -> FuzzReport:
    """Run for a time, and ``least`` rounds at least; every round has a seed of its own.

    Raises:
        Finding: a promise was broken.

    """
    rounds = list((kinds or KINDS).items())
    report = FuzzReport()
    began = time.monotonic()
    while (elapsed := time.monotonic() - began) < seconds or report.rounds < least:
        name, one = rounds[report.rounds % len(rounds)]
        label = f"{seed}/{report.rounds}"
        try:
            understood = one(random.Random(label))
        except Finding as error:
            raise Finding(f"{name}, round seed '{label}': {error}") from error
        except Exception as error:
            raise Finding(f"{name}, round seed '{label}': {type(error).__name__}: {error}") from error
        report.rounds += 1
        report.messages += max(understood, 0)
        report.refused += understood < 0
        report.kinds[name] = report.kinds.get(name, 0) + 1
    report.seconds = elapsed
    return report


# ---- input -------------------------------------------------------------------------------------------------


def random_value(rng: random.Random, depth: int = 3) -> Any:
    """Return something both encodings can carry."""
    kind = rng.randrange(8 if depth else 5)
    if kind == 0:
        return rng.choice(_TEXTS)
    if kind == 1:
        return rng.choice(_NUMBERS)
    if kind < 5:
        return rng.choice((None, True, False))
    if kind == 5:
        return {rng.choice(_TEXTS): random_value(rng, depth - 1) for _ in range(rng.randrange(4))}
    return [random_value(rng, depth - 1) for _ in range(rng.randrange(4))]


def random_message(rng: random.Random) -> HubMessage:
    """Return a hub message of any type."""
    text, arguments = rng.choice(_TEXTS), [random_value(rng) for _ in range(rng.randrange(4))]
    headers = {"h": text} if rng.random() < 0.2 else None
    streams = ["s"] if rng.random() < 0.2 else None
    error = rng.choice((None, text))
    makers: tuple[Callable[[], HubMessage], ...] = (
        lambda: Invocation(text, arguments, rng.choice((None, "1")), streams, headers),
        lambda: StreamItem("1", random_value(rng), headers),
        lambda: Completion("1", error=text, headers=headers),
        lambda: Completion("1", random_value(rng), headers=headers),
        lambda: Completion("1"),
        lambda: StreamInvocation("1", text, arguments, streams, headers),
        lambda: CancelInvocation("1", headers),
        Ping,
        lambda: Close(error, rng.random() < 0.5),
        lambda: Ack(rng.choice((0, 1, 2**31))),
        lambda: Sequence(rng.choice((0, 1, 2**31))),
    )
    return rng.choice(makers)()


def damaged(rng: random.Random, data: bytes) -> bytes:
    """Return ``data`` with up to a few bytes changed, dropped, doubled, or scraps put in."""
    broken = bytearray(data)
    for _ in range(rng.randrange(4)):
        at = rng.randrange(len(broken) + 1)
        match rng.randrange(5):
            case 0 if at < len(broken):
                broken[at] = rng.randrange(256)
            case 1 if at < len(broken):
                broken[at] ^= 1 << rng.randrange(8)
            case 2:
                del broken[at : at + rng.randrange(1, 20)]
            case 3:
                broken[at:at] = broken[at : at + rng.randrange(40)]
            case _:
                broken[at:at] = rng.choice(_SCRAPS)
    return bytes(broken)


def pieces(rng: random.Random, data: bytes) -> Iterator[bytes]:
    """Cut ``data`` anywhere."""
    position = 0
    while position < len(data):
        size = rng.choice((1, 2, 3, 7, 50, 400, len(data)))
        yield data[position : position + size]
        position += size


# ---- rounds ------------------------------------------------------------------------------------------------


def _understand(
    protocol: HubProtocol, chunks: Iterator[bytes] | list[bytes]
) -> tuple[list[HubMessage], bool]:
    """Return the messages of the chunks up to an error, and whether one came."""
    decoder = protocol.decoder(LIMIT)
    understood: list[HubMessage] = []
    try:
        for chunk in chunks:
            understood += decoder.feed(chunk)
    except RemoteProtocolError:
        return understood, True
    return understood, False


def parse_round(protocol: HubProtocol, rng: random.Random) -> int:
    """Feed damaged records in one piece and in many; both must be understood alike."""
    data = damaged(rng, b"".join(protocol.encode(random_message(rng)) for _ in range(rng.randrange(1, 6))))
    if rng.random() < 0.05:
        data = rng.randbytes(rng.randrange(300))
    one_by_one = [data[at : at + 1] for at in range(len(data))]
    slow, slow_failed = _understand(protocol, one_by_one)
    cut, cut_failed = _understand(protocol, pieces(rng, data))
    whole, whole_failed = _understand(protocol, [data])
    if not slow_failed == cut_failed == whole_failed:
        raise Finding(f"cut input fails ({slow_failed}, {cut_failed}) where whole input does not: {data!r}")
    for shorter in (whole, cut):  # a feed that fails says nothing, so its records may be missing at the end
        if not _same(shorter, slow[: len(shorter)]) or (not slow_failed and len(shorter) != len(slow)):
            raise Finding(f"cut input is understood differently: {data!r}")
    return -1 if slow_failed else len(slow)


def _same(left: list[HubMessage], right: list[HubMessage]) -> bool:
    """Compare; NaN equals itself here."""
    return left == right or repr(left) == repr(right)


def round_trip_round(protocol: HubProtocol, rng: random.Random) -> int:
    """What is written is read again, many records at once and cut anywhere."""
    messages = [random_message(rng) for _ in range(rng.randrange(1, 8))]
    data = b"".join(map(protocol.encode, messages))
    for chunks in ([data], list(pieces(rng, data))):
        understood, failed = _understand(protocol, chunks)
        if failed or [_plain(m) for m in understood] != [_plain(m) for m in messages]:
            raise Finding(f"{messages!r} came back as {understood!r}")
    return len(messages)


def _plain(message: HubMessage) -> tuple[str, dict[str, Any]]:
    fields = msgspec.structs.asdict(message)
    return type(message).__name__, {
        k: v for k, v in fields.items() if v is not None or k in ("item", "result")
    }


def session_round(role: str, rng: random.Random) -> int:
    """Feed a session a damaged conversation, handshake included."""
    protocol = rng.choice((JSON, MESSAGEPACK))
    if role == "client":
        session = Session.client(protocol, max_message_bytes=LIMIT)
        session.start(rng.choice((1, 2)))
        opening = (
            rng.choice((b"{}", b'{"minorVersion":1}', b'{"error":"no"}', b'{"type":7}', b""))
            + RECORD_SEPARATOR
        )
    else:
        session = Session.server(PROTOCOLS, max_message_bytes=LIMIT)
        version = rng.choice((1, 2, 3, -1))
        opening = f'{{"protocol":"{protocol.name}","version":{version}}}'.encode() + RECORD_SEPARATOR
    data = opening + b"".join(protocol.encode(random_message(rng)) for _ in range(rng.randrange(4)))
    if rng.random() < 0.7:
        data = damaged(rng, data)
    received = 0
    for chunk in pieces(rng, data):
        try:
            events = session.receive(chunk)
        except LocalProtocolError:
            raise
        except RemoteProtocolError:
            if session.state is not SessionState.CLOSED:
                raise Finding(f"the session is {session.state.name} after an error: {data!r}") from None
            if session.receive(b"{}\x1e"):
                raise Finding("a closed session still hears") from None
            return -1
        received += sum(not isinstance(event, HandshakeCompleted | HandshakeRefused) for event in events)
        if role == "server" and session.state is SessionState.ANSWERING:
            session.handshake_reply()
    return received


def length_round(rng: random.Random) -> int:
    """Announce lengths of any size; nothing above the limit may be waited for."""
    size = rng.choice((0, 1, 127, 128, LIMIT - 1, LIMIT, LIMIT + 1, 2**21, 2**31 - 1, 2**31, 2**35 - 1))
    prefix = write_varint(size)
    understood, failed = _understand(MESSAGEPACK, [*pieces(rng, prefix + b"\x91\x06")])
    if size > LIMIT and not failed:
        raise Finding(f"a record of {size} bytes is waited for, limit {LIMIT}")
    return -1 if failed else len(understood)


KINDS: Final[Mapping[str, Callable[[random.Random], int]]] = {
    "json": lambda rng: parse_round(JSON, rng),
    "messagepack": lambda rng: parse_round(MESSAGEPACK, rng),
    "json round trip": lambda rng: round_trip_round(JSON, rng),
    "messagepack round trip": lambda rng: round_trip_round(MESSAGEPACK, rng),
    "session client": lambda rng: session_round("client", rng),
    "session server": lambda rng: session_round("server", rng),
    "lengths": length_round,
}
