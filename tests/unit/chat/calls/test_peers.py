"""Who is in a call: grace, takeovers, and the parts of other nodes, with times given by the test."""

from __future__ import annotations

from conduit_widget.chat.calls.peers import CallPeers, Head, NodeCall, NodePeer
from conduit_widget.types import Author, CallMedia

ANN = Author(user_id="ann", user_name="Ann")
BOB = Author(user_id="bob", user_name="Bob")
SCREEN = CallMedia(screen=True)


def make() -> CallPeers:
    """Return an empty call with a grace of 10 s, and 5 s for the peers of a vanished node."""
    return CallPeers(grace=10.0, node_grace=5.0)


def peer(
    peer_id: str, user_id: str = "bob", *, bound_at: float = 1.0, screen: float | None = None
) -> NodePeer:
    """Return a peer as another node tells of it."""
    return NodePeer(peer_id, user_id, user_id, True, False, screen, bound_at, bound_at)


def ids(call: CallPeers) -> list[str]:
    """Return the peers in the order people see."""
    return [found.peer_id for found in call.all()]


def test_a_lost_connection_holds_its_peers_for_the_grace() -> None:
    """Within it the peer may come back on another connection; after it is gone."""
    call = make()
    call.bind("a", "c1", ANN, CallMedia(), 1.0)
    assert call.unbind("c1", 100.0, goodbye=False)
    assert (ids(call), call.connection_of("a"), call.next_deadline()) == (["a"], None, 110.0)
    assert not call.expire(109.9)
    call.bind("a", "c2", ANN, CallMedia(), 2.0)
    assert (call.connection_of("a"), call.next_deadline()) == ("c2", None)
    call.unbind("c2", 200.0, goodbye=False)
    assert call.expire(210.0)
    assert ids(call) == []


def test_a_goodbye_takes_the_peers_along() -> None:
    """Leaving the conversation leaves its call at once."""
    call = make()
    call.bind("a", "c1", ANN, CallMedia(), 1.0)
    call.bind("b", "c2", BOB, CallMedia(), 2.0)
    assert call.unbind("c1", 100.0, goodbye=True)
    assert ids(call) == ["b"]


def test_one_screen_at_a_time_and_the_newest_is_it() -> None:
    """Whoever begins to share takes over, also from another node; an update does not take it back."""
    call = make()
    call.bind("a", "c1", ANN, CallMedia(), 1.0)
    call.apply("n2", NodeCall(1, Head(0.5, "x"), [peer("b", screen=5.0)]))
    call.update("a", SCREEN, 9.0)
    assert [found.peer_id for found in call.all() if found.media.screen] == ["a"]
    call.apply("n2", NodeCall(2, Head(0.5, "x"), [peer("b", screen=10.0)]))
    call.update("a", CallMedia(audio=True, screen=True), 11.0)
    assert [found.peer_id for found in call.all() if found.media.screen] == ["b"]


def test_a_peer_that_came_back_on_another_node_is_there() -> None:
    """The part it left behind goes; somebody else's peer of that id takes nothing away."""
    call = make()
    call.bind("a", "c1", ANN, CallMedia(), 1.0)
    call.unbind("c1", 100.0, goodbye=False)
    call.apply("n2", NodeCall(1, Head(1.0, "x"), [peer("a", "eve", bound_at=2.0)]))
    assert call.here() != []
    call.apply("n2", NodeCall(2, Head(1.0, "x"), [peer("a", "ann", bound_at=2.0)]))
    assert call.here() == []
    assert ids(call) == ["a"]


def test_nodes_that_begin_a_call_at_once_agree_on_the_earlier_one() -> None:
    """Both know both calls in the end, and mean the same one."""
    one, two = make(), make()
    one.head, two.head = Head(1.0, "one"), Head(2.0, "two")
    one.bind("a", "c", ANN, CallMedia(), 1.0)
    two.bind("b", "c", BOB, CallMedia(), 2.0)
    one.apply("n2", NodeCall(1, Head(2.0, "two"), two.here()))
    two.apply("n1", NodeCall(1, Head(1.0, "one"), one.here()))
    assert one.head == two.head == Head(1.0, "one")
    assert ids(one) == ids(two) == ["a", "b"]


def test_peers_of_a_vanished_node_linger_and_go() -> None:
    """They have its grace to come back elsewhere; the call ends with the last of them."""
    call = make()
    call.apply("n2", NodeCall(1, Head(1.0, "x"), [peer("b")]))
    call.keep_nodes((), 100.0)
    call.end_if_empty()
    assert (ids(call), call.head) == (["b"], Head(1.0, "x"))
    call.expire(105.0)
    call.end_if_empty()
    assert (ids(call), call.head) == ([], None)


def test_an_old_part_and_an_old_reading_change_nothing() -> None:
    """What came while all parts were read is newer than what was read."""
    call = make()
    call.apply("n2", NodeCall(2, Head(1.0, "x"), [peer("b"), peer("c")]))
    call.apply("n2", NodeCall(1, Head(1.0, "x"), [peer("b")]))
    assert ids(call) == ["b", "c"]
    known_before = call.versions()
    call.apply("n2", NodeCall(3, Head(1.0, "x"), [peer("c")]))
    call.replace({}, known_before, 100.0)
    assert ids(call) == ["c"]
    call.replace({}, call.versions(), 100.0)
    call.expire(105.0)
    assert ids(call) == []
