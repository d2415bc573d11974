"""People at other nodes, merged."""

from __future__ import annotations

from conduit_widget.chat.people.remote_presence import NodePeople, NodePerson, PeopleChange, RemotePresence

ANN = NodePerson("ann", "Ann")


def test_change_is_refused_when_one_before_it_was_lost() -> None:
    """A change that does not continue the known version asks for the whole list; an old one is ignored."""
    people = RemotePresence(grace=10)
    assert people.apply("n1", PeopleChange(0, 1, [ANN])) == {"ann"}
    assert people.apply("n1", PeopleChange(5, 6, [], ["ann"])) is None
    assert people.person("ann") == ANN
    people.replace({"n1": NodePeople(6, [])}, {"n1": 1}, 0.0)
    assert people.person("ann") is None
    assert people.apply("n1", PeopleChange(0, 1, [ANN])) == set()


def test_people_stay_for_the_grace_when_their_node_dies() -> None:
    """Users of a node that vanished leave after the grace, unless they are at another node by then."""
    people = RemotePresence(grace=10)
    people.apply("n1", PeopleChange(0, 1, [ANN, NodePerson("bob", "Bob", True)]))
    people.keep_nodes([], now=0.0)
    assert people.person("bob") == NodePerson("bob", "Bob")
    people.apply("n2", PeopleChange(0, 2, [ANN]))
    assert people.next_deadline() == 10.0
    assert people.expire(10.0) == {"bob"}
    assert people.person("ann") == ANN


def test_newer_change_stands_when_an_older_list_is_read_after_it() -> None:
    """A list read before a change was heard does not undo it."""
    people = RemotePresence(grace=10)
    people.apply("n1", PeopleChange(0, 1, [ANN]))
    people.apply("n1", PeopleChange(1, 2, [], ["ann"]))
    people.replace({"n1": NodePeople(1, [ANN])}, {"n1": 1}, 0.0)
    assert people.person("ann") is None
