"""What readers make of other programs' files, odd and hostile ones too."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import msgspec
import pytest

from conduit_widget.contract import MAX_IMPORT_MESSAGES
from conduit_widget.errors import ValidationError
from conduit_widget.types import ChatMessage
from conduit_widget.widget.take_along import formats
from conduit_widget.widget.take_along.bringing import PIECE_BYTES, batches, key_of
from conduit_widget.widget.take_along.readers import file as opened
from conduit_widget.widget.take_along.readers.apart import read_path
from conduit_widget.widget.take_along.readers.file import read_stream
from conduit_widget.widget.take_along.readers.found import FoundConversation
from conduit_widget.widget.take_along.taken import Taken

NO_PARENT = "00000000-0000-0000-0000-000000000000"


def read(document: Any) -> list[FoundConversation]:
    """Read a document as a file of JSON."""
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    return read_stream(io.BytesIO(data))


def zipped(files: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def node(id_: str, parent: str | None, role: str = "user", text: Any = None, **rest: Any) -> dict[str, Any]:
    """A node of a ChatGPT conversation; ``rest`` is the message's."""
    content = text if isinstance(text, dict) else {"content_type": "text", "parts": [text or id_]}
    message = {"id": id_, "author": {"role": role}, "content": content, "recipient": "all", **rest}
    return {"id": id_, "message": message, "parent": parent, "children": []}


def chatgpt(*nodes: dict[str, Any], **rest: Any) -> dict[str, Any]:
    """A ChatGPT conversation."""
    return {"title": "T", "mapping": {each["id"]: each for each in nodes}, "id": "c", **rest}


def test_chatgpt_keeps_the_tree_and_leaves_out_what_nobody_saw() -> None:
    """The branch that was looked at comes last; hidden nodes and tools lead on to what continues them."""
    root = {"id": "r", "message": None, "parent": None, "children": ["s"]}
    hidden = node("s", "r", "system", "Be nice.")
    pointer = {"content_type": "image_asset_pointer", "asset_pointer": "file-service://x"}
    picture = {"content_type": "multimodal_text", "parts": [pointer, "Look"]}
    tree = chatgpt(
        *(root, hidden, node("q", "s", text=picture, create_time=1700000000.25)),
        node("call", "q", "assistant", {"content_type": "code", "text": "ls"}, recipient="python"),
        node("out", "call", "tool", {"content_type": "execution_output", "text": "x"}),
        node(
            "old",
            "out",
            "assistant",
            "Chosen \ue200cite\ue202turn0\ue201here",
            metadata={"model_slug": "gpt-4o"},
        ),
        node("new", "q", "assistant", "Other"),
        node("q2", "old"),
        node("bare", "q2", "assistant", {"content_type": "thoughts", "thoughts": []}),
        current_node="q2",
        default_model_slug="gpt-5",
    )
    [found] = read([tree])
    assert [(each.id, each.parent_id) for each in found.messages] == [
        ("q", None),
        ("new", "q"),
        ("old", "q"),
        ("q2", "old"),
    ]
    question, other, chosen, _ = found.messages
    assert (question.content, question.timestamp) == ("[image]\n\nLook", "2023-11-14T22:13:20.250Z")
    assert (chosen.content, chosen.model, other.model) == ("Chosen here", "gpt-4o", "gpt-5")
    assert (found.title, found.source) == ("T", "chatgpt")
    assert read(tree)[0].messages == found.messages


def test_of_a_chatgpt_file_what_can_be_read_is(tmp_path: Path) -> None:
    """What is wrong with one conversation is said of it; the zip may be in several parts and hold others."""
    circle = chatgpt(node("a", "b"), node("b", "a"), title="Round")
    odd = {
        "title": 7,
        "mapping": {"x": 3, "y": {"message": "?", "parent": 9}, "z": {"message": {"author": 1}}},
    }
    first = json.dumps([chatgpt(node("q", None)), {"title": "Broken"}, circle, odd]).encode()
    archive = zipped({"conversations-000.json": first, "user.json": b"{", "chat.html": b"<"})
    (tmp_path / "export.zip").write_bytes(archive)
    found = read_path(tmp_path / "export.zip")
    assert [(each.title, each.problem) for each in found] == [
        ("T", None),
        ("Broken", "has no messages"),
        ("Round", "has messages that continue each other in a circle"),
        ("", "has no text"),
    ]
    many = chatgpt(*(node(f"n{n}", None) for n in range(MAX_IMPORT_MESSAGES + 1)))
    [found_many] = read(many)
    assert found_many.problem == "has 10001 messages; the limit is 10000"


@pytest.mark.parametrize("shape", ["tree", "old tree", "flat"])
def test_librechat_is_read_flat_and_as_a_tree(shape: str) -> None:
    """A text may be in parts; thoughts and tools are left out; a model is named, else who spoke."""
    question = {"messageId": "q", "parentMessageId": NO_PARENT, "isCreatedByUser": True, "text": "Why?"}
    question |= {"createdAt": "2024-05-01T16:35:11.530Z"}
    parts = [
        {"type": "think", "think": "Hm"},
        {"type": "text", "text": {"value": "So."}},
        {"type": "text", "text": "And."},
    ]
    answer = {
        "messageId": "a",
        "parentMessageId": "q",
        "isCreatedByUser": False,
        "text": "",
        "content": parts,
    }
    answer |= {"sender": "Engineer", "model": None}
    other = {
        "messageId": "b",
        "parentMessageId": "q",
        "isCreatedByUser": False,
        "text": "Other",
        "model": "m-1",
    }
    document: dict[str, Any] = {"conversationId": "c", "title": "T", "exportAt": "13:18:04 GMT-0400"}
    if shape == "flat":
        document["messages"] = [question, answer, other]
    else:
        tree = [{**question, "children": [{**answer, "children": []}, {**other, "children": []}]}]
        document |= {"messages": tree, "recursive": True} if shape == "old tree" else {"messagesTree": tree}
    [found] = read(document)
    assert [(each.id, each.parent_id, each.role, each.content, each.model) for each in found.messages] == [
        ("q", None, "user", "Why?", None),
        ("a", "q", "assistant", "\n\nSo.\n\nAnd.".strip("\n"), "Engineer"),
        ("b", "q", "assistant", "Other", "m-1"),
    ]
    assert found.messages[0].timestamp == "2024-05-01T16:35:11.530Z"


def test_our_own_export_comes_back_with_its_branches() -> None:
    """Who wrote, when, by which model, in reply to what; what was deleted is gone, its answers stay."""

    def wire(id_: str, role: Any = "user", parent: str | None = None, **metadata: Any) -> ChatMessage:
        author = {"author": {"userId": "bob", "userName": "Bob"}} if role == "user" else {}
        deleted = {"content": ""} if "deletedAt" in metadata else {"content": f"text {id_}"}
        parents = {} if parent is None else {"parentId": parent}
        return ChatMessage.from_wire(
            {"id": id_, "role": role, **author, **deleted, **parents, "metadata": metadata}
        )

    messages = [
        wire("q", timestamp="2020-01-01T00:00:00.000Z"),
        wire("a", "assistant", "q", model="gpt", timestamp="2020-01-01T00:00:01.000Z"),
        wire("q2", editOf="q"),
        wire("gone", deletedAt="2020-01-01T00:00:01.000Z"),
        wire("after", replyTo="gone"),
        wire("reply", replyTo="q"),
    ]
    taken = Taken(
        conversation_id="c", title="Plans", exported_at="2020-01-02T00:00:00.000Z", messages=messages
    )
    [found] = read(formats.as_json(taken).encode())
    assert [(each.id, each.parent_id, each.reply_to) for each in found.messages] == [
        ("q", None, None),
        ("a", "q", None),
        ("q2", None, None),
        ("after", "q2", None),
        ("reply", "after", "q"),
    ]
    assert (found.title, found.messages[0].author, found.messages[1].model) == ("Plans", "Bob", "gpt")
    assert found.messages[0].timestamp == "2020-01-01T00:00:00.000Z"


OURS: dict[str, Any] = {"format": "conduit-chat", "version": 1}


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (b"", "no JSON in UTF-8, or ends too soon"),
        (b'{"messages": [', "no JSON in UTF-8, or ends too soon"),
        (b"\xff\xfe{", "no JSON in UTF-8, or ends too soon"),
        (b"[" * 100_000, "no"),
        (
            b'{"conversationId": "c", "messages": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
            "nests too deeply",
        ),
        (7, "is not an export"),
        ([], "has no conversation"),
        ([1], "is not an export"),
        ([{"title": "x"}], "is not an export"),
        ({}, "is not an export"),
        ({"conversationId": "c"}, "is not an export"),
        ({"conversationId": "c", "messages": [3]}, "a message that is no object"),
        ({"conversationId": "c", "messages": [{"messageId": 3}]}, "a message without a messageId"),
        ({**OURS, "version": 2}, "format other than 1"),
        ({**OURS, "messages": 3}, "has no list of messages"),
        ({**OURS, "messages": [{"id": "q", "role": "user", "content": 3}]}, "messages[0]"),
        ({**OURS, "messages": [{"id": "q", "role": "king", "content": "x"}]}, "messages[0]"),
        ({**OURS, "messages": [{"id": "q", "role": "user", "content": "x"}] * 2}, "messages[1] has the id"),
        (zipped({"other.json": b"[]"}), "zip without a conversations.json"),
        (zipped({"conversations.json": b"[]"}, zipfile.ZIP_LZMA), "zip packed in a way"),
        (zipped({"conversations.json": b"[]"})[:40], "a damaged zip"),
        (b"PK\x03\x04 not", "a damaged zip"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_line(document: Any, expected: str) -> None:
    """Nothing of the content is repeated."""
    with pytest.raises(ValidationError) as refused:
        read(document)
    text = str(refused.value)
    assert text.startswith("file: ")
    assert expected in text
    assert "\n" not in text
    assert len(text) < 200


def test_no_more_is_read_than_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a file, of what a zip unpacks to, of all its parts together, and of its table of contents."""
    monkeypatch.setattr(opened, "MAX_FILE_BYTES", 2**20)
    part = b"[" + b" " * 700_000 + b"]"
    for document in (
        b" " * (2**20 + 1),
        zipped({"conversations.json": b" " * 2**26}),
        zipped({"conversations-0.json": part, "conversations-1.json": part}),
    ):
        with pytest.raises(ValidationError, match="more than 1 MiB"):
            read(document)
    monkeypatch.setattr(opened, "_MAX_LISTING_BYTES", 100)
    with pytest.raises(ValidationError, match="a zip of too many files"):
        read(zipped({f"f{n}": b"" for n in range(9)}))
    monkeypatch.setattr(opened, "MAX_CONVERSATIONS", 2)
    with pytest.raises(ValidationError, match="3 conversations; the limit is 2"):
        read([chatgpt(node("q", None))] * 3)


def test_a_conversation_of_thousands_in_a_line_is_read() -> None:
    """Depth is no recursion."""
    line = [node("n0", None), *(node(f"n{n}", f"n{n - 1}") for n in range(1, 9_000))]
    [found] = read([chatgpt(*reversed(line))])
    assert [each.id for each in found.messages] == [f"n{n}" for n in range(9_000)]


def test_odd_fields_cost_no_more_than_themselves() -> None:
    """Whatever kind a field is of, the others are read."""
    odd = chatgpt(
        node("q", None, text="a\0b", create_time=1e308),
        {"id": "x", "message": {"author": {"role": ["user"]}, "content": {"parts": 3}}, "parent": ["q"]},
        node(
            "a",
            "q",
            "assistant",
            {"content_type": "text", "parts": [None, 3, "fine", {"text": 4}]},
            metadata=7,
        ),
        current_node=["q"],
        title="\u202eevil\n" * 100,
        default_model_slug=3,
    )
    [found] = read([odd])
    assert [(each.content, each.timestamp, each.model) for each in found.messages] == [
        ("ab", None, None),
        ("fine\n\n[attachment]", None, None),
    ]
    assert len(found.title) <= 200
    assert "\u202e" not in found.title


def test_a_very_long_text_is_cut_into_pieces_that_fit() -> None:
    """Nothing of it is lost, whatever its characters take; what continues it follows its last piece."""
    text = "\x01" * 300_000 + "\n" + "\N{GRINNING FACE}" * 100_000 + "\n" + "line\n" * 50_000
    [found] = read([chatgpt(node("q", None, text=text), node("a", "q", "assistant"))])
    sent = [each for _, batch in batches(found, key_of(found)) for each in batch]
    assert "".join(str(each.content) for each in sent[:-1]) == text.rstrip("\n")
    assert max(len(msgspec.json.encode(each.content)) for each in sent) <= PIECE_BYTES
    assert [each.parent_id for each in sent] == [None, *(each.id for each in sent[:-1])]


def test_half_a_character_costs_no_more_than_itself() -> None:
    """Whole ones that are written as escapes stay, and so does what only looks like one."""
    text = rb"cut \ud83d, \ude00 whole \ud83d\ude00 written \\\\ud83d."
    [found] = read(json.dumps([chatgpt(node("q", None, text="TEXT"))]).encode().replace(b"TEXT", text))
    assert found.messages[0].content == "cut \ufffd, \ufffd whole \N{GRINNING FACE} written \\\\ud83d."
