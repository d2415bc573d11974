"""What the model gets to read."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from conduit_widget.chat.answers.prompt import Prompt, read_prompt
from conduit_widget.providers.limits.token_estimate import estimate_tokens
from conduit_widget.providers.provider import PromptMessage
from conduit_widget.types import ChatMessage, HistoryPage, ImagePart, ImageUrl, TextPart


def said(text: Any, user: str | None = "ann", **more: Any) -> dict[str, Any]:
    """A message in wire form: a user's, or the model's when ``user`` is None."""
    message: dict[str, Any] = {"id": "x", "role": "user" if user else "assistant", "content": text, **more}
    if user:
        message["author"] = {"userId": user, "userName": user.title()}
    return message


class Branch:
    """A branch of a conversation, oldest first, that is read in pages of at most ``most`` messages."""

    def __init__(self, messages: list[dict[str, Any]], most: int = 200) -> None:
        self.messages = [{**message, "id": str(n)} for n, message in enumerate(messages)]
        self.most = most
        self.read = 0

    async def ancestors(self, message_id: str, limit: int) -> HistoryPage:
        """Return the page before a message; ``answer`` is the one after the last."""
        end = len(self.messages) if message_id == "answer" else int(message_id)
        start = max(0, end - min(limit, self.most))
        self.read += end - start
        return HistoryPage(messages=self.messages[start:end], has_more=start > 0)

    def prompt(self, context: int = 4096, system: str = "Be kind.", **more: Any) -> list[PromptMessage]:
        """The prompt of the answer."""
        asked = read_prompt(self.ancestors, "answer", system_prompt=system, context_tokens=context, **more)
        return asyncio.run(asked).messages


def prompt(*history: dict[str, Any], context: int = 4096, **more: Any) -> list[tuple[str, Any]]:
    """The prompt as pairs."""
    return [(message.role, message.content) for message in Branch(list(history)).prompt(context, **more)]


def test_history_is_in_order_when_it_fits() -> None:
    """System prompt, then the turns, without names for one person and without empty answers."""
    assert prompt(said("hi"), said("hello", None), said("", None), said("how?")) == [
        ("system", "Be kind."),
        ("user", "hi"),
        ("assistant", "hello"),
        ("user", "how?"),
    ]


def test_names_stand_first_when_several_write() -> None:
    """With two people the model can tell who said what; neighbours of one role are one turn."""
    [system, *turns] = prompt(said("hi"), said("hey", "bob"), said("both!", None), said("ok"))
    assert system[1].startswith("Be kind. ")
    assert "name" in system[1]
    assert turns == [("user", "Ann: hi\n\nBob: hey"), ("assistant", "both!"), ("user", "Ann: ok")]


def test_oldest_is_left_out_when_context_is_small() -> None:
    """The newest history that fits is kept whole, beginning with a user, and the answer has room."""
    history = [said(f"{n} " + "x" * 350, "ann" if n % 2 == 0 else None) for n in range(21)]
    turns = prompt(*history, context=1024)[1:]
    assert turns[-1][1].startswith("20 ")
    assert turns[0][0] == "user"
    assert 2 < len(turns) < 8
    used = sum(estimate_tokens(text) for _, text in turns)
    assert used <= 1024 * 3 // 4
    assert len(prompt(*history, context=1024, max_tokens=500)[1:]) <= len(turns)


def test_question_is_cut_in_the_middle_when_it_alone_is_too_long() -> None:
    """The question is never left out; both its ends are kept."""
    [_, (role, text)] = prompt(said("begin " + "é" * 9000 + " end"), context=512)
    assert role == "user"
    assert text.startswith("begin ")
    assert text.endswith(" end")
    assert estimate_tokens(text) < 512


PICTURE = {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}
IMAGE = ImagePart(image_url=ImageUrl(url="https://example.org/a.png"))


def words(text: str) -> dict[str, Any]:
    """A part of text."""
    return {"type": "text", "text": text}


def test_images_stand_where_they_were_put() -> None:
    """Blank texts between them are left out; texts without an image are one text."""
    parts = [words("a"), PICTURE, words(" "), words("b")]
    assert prompt(said(parts))[1:] == [("user", [TextPart(text="a"), IMAGE, TextPart(text="b")])]
    assert prompt(said([words("a"), words("b")]))[1:] == [("user", "a\n\nb")]


def test_question_of_an_image_alone_is_asked() -> None:
    """It has no text for a name to stand before; neighbours keep their order around it."""
    assert prompt(said([PICTURE]))[1:] == [("user", [IMAGE])]
    [turn] = prompt(said("Look:"), said([PICTURE], "bob"), said("Well?"))[1:]
    assert turn == (
        "user",
        [TextPart(text="Ann: Look:\n\nBob:"), IMAGE, TextPart(text="Ann: Well?")],
    )


def test_image_that_is_no_persons_is_a_line() -> None:
    """Models take images from people alone."""
    turns = prompt(said("Draw."), said([words("Here:"), PICTURE], None), said("Nice."))[1:]
    assert turns[1] == ("assistant", "Here:\n\n[image]")


def test_images_take_room() -> None:
    """More than fit push older messages out; one alone never takes more than a quarter of the context."""
    history = [said([words(f"{n}"), PICTURE]) for n in range(40)]
    [(_, parts)] = prompt(*history, context=8192)[1:]
    assert 4 <= sum(part == IMAGE for part in parts) < 9
    assert parts[-2:] == [TextPart(text="39"), IMAGE]
    assert prompt(said("Before."), said("Yes?", None), said([PICTURE]), context=512)[1:] == [
        ("user", "Before."),
        ("assistant", "Yes?"),
        ("user", [IMAGE]),
    ]


def test_text_beside_an_image_is_cut_when_it_is_too_long() -> None:
    """The image stays, and both ends of the text."""
    [(_, parts)] = prompt(said([words("begin " + "é" * 9000 + " end"), PICTURE]), context=512)[1:]
    assert parts[1] == IMAGE
    assert parts[0].text.startswith("begin ")
    assert parts[0].text.endswith(" end")
    assert estimate_tokens(parts[0].text) < 384


def test_no_system_message_is_sent_when_prompt_is_empty() -> None:
    """An empty system prompt is none."""
    assert Branch([said("hi")]).prompt(system="") == [PromptMessage("user", "hi")]


def long_talk(turns: int, people: int = 1) -> list[dict[str, Any]]:
    """Questions and answers of all lengths, at the places a log gives them (an answer's end has one too)."""
    history = []
    for n in range(turns):
        seq = 3 * n + 1
        question, answer = f"q{n} " + "x" * (37 * n % 300), f"a{n} " + "y" * (53 * n % 400)
        history.append(said(question, f"user{n % people}", metadata={"seq": seq}))
        history.append(said(answer, None, metadata={"seq": seq + 1}))
    return history


@pytest.mark.parametrize("people", [1, 3])
@pytest.mark.parametrize("context", [1024, 4096, 100_000])
def test_prompt_begins_as_the_one_before_most_of_the_time(context: int, people: int) -> None:
    """Each prompt is the last one and what was said since; cuts are rare, and leave about half at least."""
    history = long_talk(400, people)
    before: list[tuple[str, Any]] = []
    cuts, sizes = [], []
    for asked in range(0, len(history), 2):
        turns = prompt(*history[: asked + 1], context=context)
        if before and turns[: len(before)] != before:
            cuts.append(asked // 2)
        before = turns
        sizes.append(sum(estimate_tokens(text) + 8 for _, text in turns))
    assert max(sizes) <= context
    full = max(sizes)
    assert min(sizes[cuts[1] :]) > full * 0.25  # half, but for one long message
    said_in_all = sum(estimate_tokens(message["content"]) + 8 for message in history)
    assert len(cuts) <= 3 + 2.6 * said_in_all / full


def test_cut_follows_from_the_history_alone() -> None:
    """Whoever reads the history in smaller or larger pages, on whichever node, cuts it in the same place."""
    history = long_talk(300)
    for asked in range(400, 600, 2):
        few, many = (Branch(history[: asked + 1], most).prompt(2048) for most in (7, 200))
        assert few == many


def test_no_more_is_read_than_about_what_fits() -> None:
    """A conversation of any length costs what its prompt costs, and a short page does not end the reading."""
    branch = Branch(long_talk(5000))
    small = branch.prompt(2048)
    assert branch.read < 64
    assert Branch(branch.messages, 1).prompt(2048) == small
    branch.read = 0
    branch.prompt(10_000_000, max_messages=120)
    assert branch.read == 120


def test_page_of_messages_that_cannot_be_read_ends_the_reading() -> None:
    """What comes before is left out; the question is answered all the same."""

    async def ancestors(message_id: str, _limit: int) -> HistoryPage:
        messages = [{**said("hi"), "id": "q"}] if message_id == "answer" else []
        return HistoryPage(messages=messages, has_more=True)

    asked = read_prompt(ancestors, "answer", system_prompt="", context_tokens=512)
    assert asyncio.run(asked) == Prompt([PromptMessage("user", "hi")], 1, is_whole=False)


def test_what_did_not_fit_is_known() -> None:
    """How many messages were read, and whether older ones did not fit; an older context is none of them."""

    def read(*history: dict[str, Any], context: int) -> tuple[int, bool]:
        branch = Branch(list(history))
        asked = read_prompt(branch.ancestors, "answer", system_prompt="", context_tokens=context)
        found = asyncio.run(asked)
        return found.read, found.is_whole

    short, long = said("hi"), said("word " * 300)
    assert read(short, short, context=4096) == (2, True)
    assert read(long, short, short, context=256) == (2, False)
    fresh = {**said("anew"), "metadata": {"contextStart": True}}
    assert read(long, fresh, short, context=256) == (2, True)


def test_text_is_read_as_it_was_typed() -> None:
    """Indentation, blank lines and signs of Markdown reach the model unchanged, the first line's too."""
    code = "    for i in x:\n\n        print(__name__, a*b*c)\n\t"
    assert prompt(said(code)) == [("system", "Be kind."), ("user", code)]
    assert prompt(said("hi"), said(code, "bob"))[1:] == [("user", f"Ann: hi\n\nBob: {code}")]


def test_message_that_cannot_be_read_is_left_out() -> None:
    """One odd message in the store does not end every later answer of its conversation."""
    odd = {"id": "x", "role": "wizard", "content": "abracadabra"}
    assert prompt(said("hi"), odd, said("how?"))[1:] == [("user", "hi\n\nhow?")]


@pytest.mark.parametrize("metadata", [None, "none", [1], {"seq": None}, {"seq": "1"}, {"seq": [1]}])
def test_metadata_that_tell_no_place_keep_nobody_from_an_answer(metadata: Any) -> None:
    """A message that another version stored does not end every later question with an error."""
    assert prompt(said("old", metadata=metadata), said("new"))[-1][1].endswith("new")


def test_a_fresh_context_begins_where_a_person_says_so() -> None:
    """What was said before it is not read, nor asked for; the newest beginning counts."""
    fresh: dict[str, Any] = {"metadata": {"contextStart": True}}
    history = [said(f"old {n}") for n in range(300)]
    since = [said("first", **fresh), said("a", None), said("new", **fresh), said("b", None)]
    branch = Branch(history + since)
    assert [message.content for message in branch.prompt(system="")] == ["new", "b"]
    assert branch.read <= 64


@pytest.mark.parametrize("value", [False, "true", 1, None])
def test_only_a_persons_true_begins_a_fresh_context(value: object) -> None:
    """Neither another value nor the model's own message hides what was said."""
    turns = prompt(
        said("one"),
        said("two", None, metadata={"contextStart": True}),
        said("three", metadata={"contextStart": value}),
    )
    assert [text for _, text in turns[1:]] == ["one", "two", "three"]


def test_files_are_read_only_of_messages_that_may_fit() -> None:
    """A long conversation of many large pictures costs the hub no more than its newest few."""
    read: list[str] = []

    async def attach(message: ChatMessage, _budget: int, _has_room: bool) -> ChatMessage:
        read.append(message.id)
        picture = ImagePart(image_url=ImageUrl(url="data:image/png;base64,AAAA"))
        return msgspec.structs.replace(message, content=[TextPart(text=message.text), picture])

    branch = Branch([said(f"look {number}") for number in range(90)])
    (_, turn) = branch.prompt(attach=attach)
    kept = sum(isinstance(part, ImagePart) for part in turn.content)
    assert kept >= 2
    assert kept <= len(read) < 10
    assert read[0] == "89", "the newest first"
    assert branch.read > 40, "more were there to be read"


def test_pictures_of_a_prompt_have_a_limit_together() -> None:
    """A model with room for hundreds of large ones is shown the newest; the others are named."""
    picture = ImagePart(image_url=ImageUrl(url="data:image/png;base64," + "A" * 4 * 1024 * 1024))
    allowed: list[bool] = []

    async def attach(message: ChatMessage, _budget: int, has_room: bool) -> ChatMessage:
        allowed.append(has_room)
        parts: list[TextPart | ImagePart] = [TextPart(text=message.text)]
        return msgspec.structs.replace(message, content=[*parts, picture] if has_room else parts)

    branch = Branch([said(f"look {number}") for number in range(100)], most=4)
    (_, turn) = branch.prompt(context=400_000, attach=attach)
    assert sum(isinstance(part, ImagePart) for part in turn.content) == 6
    assert allowed == [True] * 6 + [False] * 94, "the newest first, over all pages"
    assert "look 0" in str(turn.content[0])
