"""The session machine: both ends, every state, no socket."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from conduit_widget.errors import LocalProtocolError, MessageTooLargeError, RemoteProtocolError
from conduit_widget.protocol.hub_protocol import HubProtocol
from conduit_widget.protocol.json_protocol import JsonHubProtocol
from conduit_widget.protocol.messagepack_protocol import MessagePackHubProtocol
from conduit_widget.protocol.messages import Completion, Invocation, Ping
from conduit_widget.protocol.session import (
    Event,
    HandshakeCompleted,
    HandshakeRefused,
    Session,
    SessionState,
)
from tests.support.signalr.vectors import split_at

JSON, MESSAGEPACK = JsonHubProtocol(), MessagePackHubProtocol()
PROTOCOLS: dict[str, HubProtocol] = {"json": JSON, "messagepack": MESSAGEPACK}
LIMIT = 64 * 1024


def states(*sessions: Session) -> set[SessionState]:
    """Return the states that occur."""
    return {session.state for session in sessions}


both_encodings = pytest.mark.parametrize("protocol", [JSON, MESSAGEPACK], ids=["json", "messagepack"])


def opened(protocol: HubProtocol = JSON) -> tuple[Session, Session]:
    """Return a client and a server that shook hands."""
    client = Session.client(protocol, max_message_bytes=LIMIT)
    server = Session.server(PROTOCOLS, max_message_bytes=LIMIT)
    server.receive(client.start())
    client.receive(server.handshake_reply())
    return client, server


@both_encodings
def test_both_ends_open_after_the_handshake(protocol: HubProtocol) -> None:
    """Request, reply, then messages both ways."""
    client = Session.client(protocol, max_message_bytes=LIMIT)
    server = Session.server(PROTOCOLS, max_message_bytes=LIMIT)
    assert server.receive(client.start()) == [HandshakeCompleted(protocol.name, 1)]
    assert states(server) == {SessionState.ANSWERING}
    assert client.receive(server.handshake_reply()) == [HandshakeCompleted(protocol.name, 1)]
    assert states(client, server) == {SessionState.OPEN}
    question, answer = Invocation("Echo", [1, "ž"], "1"), Completion("1", 2)
    assert server.receive(client.send(question)) == [question]
    assert client.receive(server.send(answer)) == [answer]
    assert server.protocol.name == protocol.name


@both_encodings
def test_records_in_the_handshake_frame_follow_its_event(protocol: HubProtocol) -> None:
    """Nothing that shares a frame with the handshake is lost, on either end."""
    client = Session.client(protocol, max_message_bytes=LIMIT)
    server = Session.server(PROTOCOLS, max_message_bytes=LIMIT)
    ping = protocol.encode(Ping())
    events = server.receive(client.start() + ping + ping)
    assert events == [HandshakeCompleted(protocol.name, 1), Ping(), Ping()]
    events = client.receive(server.handshake_reply() + ping)
    assert events == [HandshakeCompleted(protocol.name, 1), Ping()]


@given(st.lists(st.integers(0, 500), max_size=6), st.sampled_from([JSON, MESSAGEPACK]))
def test_any_split_gives_the_same_events(cuts: list[int], protocol: HubProtocol) -> None:
    """Handshake and records may be cut anywhere."""
    client = Session.client(protocol, max_message_bytes=LIMIT)
    server = Session.server(PROTOCOLS, max_message_bytes=LIMIT)
    message = Invocation("Send", ["x" * 50])
    stream = client.start() + protocol.encode(message) * 3
    events: list[Event] = []
    for piece in split_at(stream, cuts):
        events += server.receive(piece)
    assert events == [HandshakeCompleted(protocol.name, 1), message, message, message]


def test_text_data_is_understood_in_the_handshake() -> None:
    """Transports that decode text frames fit too."""
    server = Session.server(PROTOCOLS, max_message_bytes=LIMIT)
    assert server.receive('{"protocol":"JSON","version":2}\x1e') == [HandshakeCompleted("json", 2)]
    assert server.version == 2


@pytest.mark.parametrize(
    ("request_record", "hint"),
    [
        (b'{"protocol":"xml","version":1}\x1e', "use json, messagepack"),
        (b'{"protocol":"json","version":3}\x1e', "use 1 to 2"),
        (b'{"protocol":"json","version":0}\x1e', "use 1 to 2"),
        (b"nonsense\x1e", "malformed"),
    ],
)
def test_server_refuses_with_words_when_it_cannot_agree(request_record: bytes, hint: str) -> None:
    """The refusal reaches the client as a handshake error and closes both ends."""
    server = Session.server(PROTOCOLS, max_message_bytes=LIMIT)
    (refused,) = server.receive(request_record + b"more")
    assert isinstance(refused, HandshakeRefused)
    assert hint in refused.error
    client = Session.client(JSON, max_message_bytes=LIMIT)
    client.start()
    assert client.receive(server.handshake_reply()) == [HandshakeRefused(refused.error)]
    assert client.state is server.state is SessionState.CLOSED


def test_empty_error_text_counts_as_agreement() -> None:
    """As in the TypeScript client."""
    client = Session.client(JSON, max_message_bytes=LIMIT)
    client.start()
    assert client.receive('{"error":"","minorVersion":34}\x1e') == [HandshakeCompleted("json", 1)]


def test_malformed_response_closes_the_client() -> None:
    """A peer that is no hub is left at once."""
    client = Session.client(JSON, max_message_bytes=LIMIT)
    client.start()
    with pytest.raises(RemoteProtocolError):
        client.receive(b'{"type":1}\x1e')
    assert client.state is SessionState.CLOSED


def test_endless_handshake_is_refused() -> None:
    """A handshake has its own small limit."""
    server = Session.server(PROTOCOLS, max_message_bytes=1 << 30)
    for _ in range(16):
        assert server.receive(b"x" * 1024) == []
    with pytest.raises(MessageTooLargeError):
        server.receive(b"x")
    assert server.state is SessionState.CLOSED


def test_oversized_record_closes_the_session() -> None:
    """The limit is the session's, in bytes."""
    client, server = opened()
    with pytest.raises(MessageTooLargeError):
        server.receive(client.send(Invocation("Send", ["x" * LIMIT])))
    assert server.state is SessionState.CLOSED
    assert server.receive(b'{"type":6}\x1e') == []


def test_illegal_steps_say_what_was_expected() -> None:
    """Each misuse names the step that is missing."""
    client = Session.client(JSON, max_message_bytes=LIMIT)
    server = Session.server(PROTOCOLS, max_message_bytes=LIMIT)
    with pytest.raises(LocalProtocolError, match="start"):
        client.send(Ping())
    with pytest.raises(LocalProtocolError, match="start"):
        client.receive(b"{}\x1e")
    with pytest.raises(LocalProtocolError, match="client session"):
        server.start()
    with pytest.raises(LocalProtocolError, match="handshake request"):
        server.handshake_reply()
    with pytest.raises(LocalProtocolError, match="handshake"):
        _ = server.protocol
    server.receive(client.start())
    with pytest.raises(LocalProtocolError, match="handshake_reply"):
        server.send(Ping())
    with pytest.raises(LocalProtocolError, match="once"):
        client.start()
    server.handshake_reply()
    with pytest.raises(LocalProtocolError, match="once"):
        server.handshake_reply()


def test_close_is_final_and_idempotent() -> None:
    """A closed session sends nothing and drops what comes."""
    client, _ = opened()
    client.close()
    client.close()
    assert client.receive(b'{"type":6}\x1e') == []
    with pytest.raises(LocalProtocolError, match="closed"):
        client.send(Ping())
