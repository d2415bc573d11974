"""Binding arguments: types, arity, and refusals that never echo the content."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
import pytest

from conduit_widget.errors import HubException
from conduit_widget.hub.calls.hub import Hub, hub_method
from conduit_widget.hub.delivery.connection import HubConnectionContext
from conduit_widget.nesting import MAX_DEPTH


class Note(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """A typed argument."""

    note_text: str
    kind: Literal["a", "b"] = "a"


class BoundHub(Hub):
    """One method of each shape."""

    @hub_method("Send")
    async def send(
        self, caller: HubConnectionContext, conversation_id: str, note: Note, n: int = 1
    ) -> None: ...

    @hub_method("Post")
    async def post(self, caller: HubConnectionContext, room: str, message: dict[str, Any]) -> None: ...

    @hub_method("Free")
    async def free(self, caller: HubConnectionContext, value: Any) -> Any: ...


class Derived(BoundHub):
    """Inherits, replaces, adds."""

    @hub_method("Send")
    async def other_send(self, caller: HubConnectionContext) -> None: ...


SEND = BoundHub.methods["send"]


def test_arguments_are_converted_when_they_fit() -> None:
    """Mappings become structs; a default may be left out."""
    assert SEND.bind(["c", {"noteText": "hi"}]) == ["c", Note("hi")]
    assert SEND.bind(["c", {"noteText": "hi", "kind": "b"}, 5]) == ["c", Note("hi", "b"), 5]
    assert BoundHub.methods["free"].bind([{"any": [1]}]) == [{"any": [1]}]


def test_texts_and_objects_are_taken_as_they_are_when_they_are_some() -> None:
    """What needs no conversion; MessagePack may bring keys that are no texts, and they are refused."""
    post = BoundHub.methods["post"]
    assert post.bind(["c", {"a": [1, None]}]) == ["c", {"a": [1, None]}]
    for arguments, text in (
        (["c", {"a": 1, 7: "secret"}], "Post: argument 'message': Expected `str`, got `int`"),
        (["c", ["secret"]], "Post: argument 'message': Expected `object`, got `array`"),
        (["c", None], "Post: argument 'message': Expected `object`, got `null`"),
        ([None, {}], "Post: argument 'room': Expected `str`, got `null`"),
        ([{}, "secret"], "Post: argument 'room': Expected `str`, got `object`"),
    ):
        with pytest.raises(HubException) as caught:
            post.bind(arguments)
        assert str(caught.value).startswith(text)
        assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ([], "Send: expected 2 to 3 arguments (conversationId, note, n), got 0"),
        ([1, 2, 3, 4], "Send: expected 2 to 3 arguments (conversationId, note, n), got 4"),
        ([7, {"noteText": "x"}], "Send: argument 'conversationId': Expected `str`, got `int`"),
        (["c", {}], "Send: argument 'note': Object missing required field `noteText`"),
        (["c", {"noteText": 1}], "Send: argument 'note': Expected `str`, got `int` - at `$.noteText`"),
        (["c", {"noteText": "x"}, True], "Send: argument 'n': Expected `int`, got `bool`"),
    ],
)
def test_refusal_names_the_argument_when_it_does_not_fit(arguments: list[Any], text: str) -> None:
    """Arity and types are answered with the method, the argument and the path."""
    with pytest.raises(HubException) as caught:
        SEND.bind(arguments)
    assert str(caught.value) == text


@pytest.mark.parametrize(
    "note",
    [
        {"noteText": "x", "kind": "se'cret - at `$.x`"},
        {"noteText": "x", "secret": 1},
        {"noteText": "x", "a` - at secret": 1},
        {"noteText": "x", "kind": "secret\nsecret"},
    ],
)
def test_refusal_keeps_the_content_to_itself(note: dict[str, Any]) -> None:
    """Values and keys a client sent are never sent back."""
    with pytest.raises(HubException) as caught:
        SEND.bind(["c", note])
    assert "cret" not in str(caught.value)


def test_methods_are_inherited_and_replaced_by_name() -> None:
    """A subclass has its base's methods; the same wire name replaces."""
    assert set(Derived.methods) == {"send", "post", "free"}
    assert Derived.methods["send"].attribute == "other_send"
    assert BoundHub.methods["send"].attribute == "send"
    assert Hub.methods == {}


def test_void_methods_are_known_by_their_annotation() -> None:
    """A method declared to return nothing completes without a result."""
    assert SEND.is_void
    assert not BoundHub.methods["free"].is_void


def test_hub_is_refused_when_a_method_is_not_async() -> None:
    """A blocking hub method is a programming error, told at class definition."""
    with pytest.raises(TypeError, match="async def"):

        class Blocking(Hub):
            @hub_method("Block")
            def block(self, caller: HubConnectionContext) -> None: ...


def test_hub_is_refused_when_a_method_takes_keywords_or_no_caller() -> None:
    """The wire has positions only."""
    with pytest.raises(TypeError, match="caller"):

        class NoCaller(Hub):
            @hub_method("X")
            async def x(self) -> None: ...

    with pytest.raises(TypeError, match="positional"):

        class Variadic(Hub):
            @hub_method("X")
            async def x(self, caller: HubConnectionContext, *rest: int) -> None: ...


def nested(levels: int) -> Any:
    """A list in a list, so many levels."""
    value: Any = []
    for _ in range(levels - 1):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("method", "arguments", "text"),
    [
        ("post", ["c", {"metadata": nested(MAX_DEPTH + 1)}], "Post: message.metadata nests"),
        ("post", ["c", {"se cret": nested(900)}], "Post: argument 'message' nests"),
        ("free", [nested(MAX_DEPTH + 1)], "Free: argument 'value' nests"),
        ("send", ["c", nested(900)], "Send: argument 'note' nests"),
    ],
)
def test_argument_that_nests_too_deeply_is_named(method: str, arguments: list[Any], text: str) -> None:
    """With its field, where that has a name, and the limit; never the content."""
    with pytest.raises(HubException) as caught:
        BoundHub.methods[method].bind(arguments)
    assert str(caught.value) == f"{text} more than {MAX_DEPTH} levels deep"


def test_deepest_argument_is_taken() -> None:
    """The limit itself is fine; each field of an object has it for itself."""
    fields = {"metadata": nested(MAX_DEPTH)}
    assert BoundHub.methods["post"].bind(["c", fields]) == ["c", fields]
    assert BoundHub.methods["free"].bind([nested(MAX_DEPTH)]) == [nested(MAX_DEPTH)]


class Pings:
    """A plain mixin."""

    @hub_method("Ping")
    async def ping(self, caller: HubConnectionContext) -> str:
        return "plain"


class OtherHub(Hub):
    """Another base."""

    @hub_method("Free")
    async def free(self, caller: HubConnectionContext, value: int) -> int:
        return value

    @hub_method("Only")
    async def only(self, caller: HubConnectionContext) -> None: ...


def test_methods_of_every_base_are_callable() -> None:
    """Of hubs and of plain mixins; where two have one of a name, the one that Python finds first counts."""

    class Mixed(Pings, Hub):
        """A mixin before the hub."""

    class Both(BoundHub, OtherHub):
        """Two hubs."""

    class Reverse(OtherHub, Pings, BoundHub):
        """All of them."""

    assert set(Mixed.methods) == {"ping"}
    assert set(Both.methods) == {"send", "post", "free", "only"}
    assert set(Reverse.methods) == {"send", "post", "free", "only", "ping"}
    assert Both.methods["free"].types == (Any,)
    assert Reverse.methods["free"].types == (int,)
    assert "ping" not in BoundHub.methods
