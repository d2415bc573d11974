"""What every history store promises of its full-text search. One suite for both engines."""

from __future__ import annotations

from typing import Any

import pytest

from conduit_widget.chat.history.search import Search
from conduit_widget.chat.history.search_text import phrases_of
from conduit_widget.chat.history.store import HistoryStore
from conduit_widget.types import ChatMessage, SearchResult
from tests.conformance.test_history_store import answer, question
from tests.support.chat.history_stores import Stores

BIG = 1 << 20


async def find(store: HistoryStore, query: str, *ids: str, **options: Any) -> SearchResult:
    """Search in these conversations, without any in ``c``."""
    return await store.search(
        Search(phrases=phrases_of(query), conversation_ids=ids or ("c",), **{"max_bytes": BIG, **options})
    )


async def found(store: HistoryStore, query: str, *ids: str, **options: Any) -> list[str]:
    """The ids of the hits, in order."""
    return [hit.message["id"] for hit in (await find(store, query, *ids, **options)).hits]


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("The quick brown fox", "QUICK fox"),
        ("The quick brown fox", "bro"),
        ("The quick brown fox", '"quick brown"'),
        ("Ein Café in der Straße", "cafe strasse"),
        ("Ein Cafe\u0301 hier", "café"),
        ("今天天气很好", "天气"),
        ("今天天气很好\uff0c我们去公园", '"去公园" 很好'),
        ("東京タワーに行く", "タワー"),
        ("สวัสดีครับ", "สวัสดี"),
        ("한국은 아름답다", "한국"),
        ("use snake_case_names()", "snake_case"),
        ("don't panic", "don't"),
        ("see https://example.org/a?b=c", "example.org/a"),
        ("C++ and 3.14", "3.14"),
        ("\uff26\uff35\uff2c\uff2c width", "full"),
        ("\N{WAVING HAND SIGN} hi\0there", "there"),
        ("x" * 300, "x" * 199),
    ],
)
async def test_a_text_is_found_by_what_people_type(store: HistoryStore, text: str, query: str) -> None:
    """Case, accents, scripts without blanks, phrases and the beginning of the last word."""
    await store.append("c", "ada", question("other", "nothing of the kind"))
    await store.append("c", "ada", question("hit", text))
    assert await found(store, query) == ["hit"]


@pytest.mark.parametrize(
    "query", ["brown quick x", '"brown quick"', "ick", "qui fox", "quick -fox cat", "天 气"]
)
async def test_a_text_is_not_found_by_other_words(store: HistoryStore, query: str) -> None:
    """All words must be there, phrases side by side, and only the last word may be a beginning."""
    await store.append("c", "ada", question("q", "The quick brown fox"))
    assert await found(store, query) == []


@pytest.mark.parametrize(
    "query",
    ['"', '""" foo', "foo*", "NOT foo", "foo AND", "(foo", "foo)", "col:foo", "^foo", "foo NEAR/2 foo",
     "'foo", "foo & | !", "foo:*", "foo \\", "foo;--", "{foo}", "foo <-> foo", "\ud800 foo", "foo \0"],
)  # fmt: skip
async def test_whatever_is_typed_is_no_syntax(store: HistoryStore, query: str) -> None:
    """Signs that an engine's own language would read are only signs."""
    await store.append("c", "ada", question("q", "foo and not near col"))
    if phrases_of(query):
        assert await found(store, query) in ([], ["q"])
    assert await found(store, "foo") == ["q"]


async def test_newest_come_first_and_pages_go_on(store: HistoryStore) -> None:
    """Hits are in the order of the log, newest first; ``before_seq`` gives the next page; filters hold."""
    for n in range(7):
        await store.append("c", "ada" if n % 2 else "bob", question(f"q{n}", f"word number {n}"))
    await store.append("c", "ada", question("late", "word"), answer=answer("a", "", status="streaming"))
    await store.update("c", answer("a", "the word of an answer"), close_stream=True)
    page = await find(store, "word", limit=3)
    assert [hit.message["id"] for hit in page.hits] == ["a", "late", "q6"]
    assert page.has_more
    seq = page.hits[-1].message["metadata"]["seq"]
    assert await found(store, "word", before_seq=seq, limit=50) == ["q5", "q4", "q3", "q2", "q1", "q0"]
    assert await found(store, "word", author_id="bob") == ["q6", "q4", "q2", "q0"]
    assert await found(store, "word", by_user=False) == ["a"]
    assert "a" not in await found(store, "word", by_user=True)
    stamp = page.hits[-1].message["metadata"]["timestamp"]
    assert "q6" in await found(store, "word", since=stamp)
    assert "q6" not in await found(store, "word", until=stamp)
    assert (await find(store, "word", max_bytes=1)).has_more


async def test_only_the_named_conversations_are_searched(store: HistoryStore) -> None:
    """What is elsewhere is not found, and several can be searched at once."""
    for id_ in ("d", "e"):
        await store.create(id_, owner_id="ada", visibility="members", assistant="off")
        await store.append(id_, "ada", question(f"in {id_}", "treasure map"))
    await store.append("c", "ada", question("in c", "treasure"))
    assert await found(store, "treasure") == ["in c"]
    assert sorted(await found(store, "treasure", "c", "e")) == ["in c", "in e"]
    assert await found(store, "map", "c", "d") == ["in d"]


async def test_a_snippet_shows_where_the_finds_are(store: HistoryStore) -> None:
    """Ranges are code points of the snippet, in one line, also after letters that fold to more."""
    text = "ß " * 100 + "\N{WAVING HAND SIGN} the\nTreasure and the treasures " + "z " * 100
    await store.append("c", "ada", question("q", text))
    (hit,) = (await find(store, "treasure")).hits
    assert [hit.snippet[start:end] for start, end in hit.ranges] == ["Treasure", "treasure"]
    assert hit.snippet[0] == hit.snippet[-1] == "…"
    assert "\n" not in hit.snippet
    assert len(hit.snippet) < 200


async def test_only_the_newest_version_of_a_text_is_found(store: HistoryStore, stores: Stores) -> None:
    """An answer is found when it is final; an edited or emptied message only by what it says now."""
    await store.append("c", "ada", question("q", "first version"), answer=answer("a", status="streaming"))
    await store.update("c", answer("a", "half an elephant", status="streaming"))
    assert await found(store, "elephant") == []
    await store.update("c", answer("a", "a whole elephant"), close_stream=True)
    assert await found(store, "elephant") == ["a"]
    await store.update("c", question("q", "second version"))
    assert await found(store, "first") == []
    assert await found(store, "second") == ["q"]
    await store.update("c", question("q", ""))
    assert await found(store, "version") == []
    store = await stores.open()
    assert await found(store, "version second first elephant") == []
    assert await found(store, "elephant") == ["a"]
    await store.delete_conversation("c")
    assert await found(store, "elephant") == []


async def test_a_damaged_message_keeps_nobody_from_finding(store: HistoryStore, stores: Stores) -> None:
    """What cannot be read is left out."""
    for n in range(3):
        await store.append("c", "ada", ChatMessage(id=f"q{n}", role="user", content=f"word {n}"))
    await stores.damage("q1")
    assert await found(store, "word") == ["q2", "q0"]


async def test_deleted_and_edited_text_is_never_found(store: HistoryStore) -> None:
    """At once: a tombstone is no hit, an edited message is found by its new words alone."""
    await store.append("c", "ada", question("q", "a zebra"))
    await store.append("c", "ada", question("r", "a giraffe"))
    await store.append("c", "ada", question("s", "a zebra too"))
    await store.delete("c", "q", "ada")
    assert await found(store, "zebra") == ["s"]
    await store.revise("c", "r", "an okapi")
    assert await found(store, "giraffe") == []
    assert await found(store, "okapi") == ["r"]
    await store.delete("c", "r", "ada")
    assert await found(store, "okapi") == []
    assert await found(store, "ada") == []


async def test_all_answers_to_a_question_are_found(store: HistoryStore) -> None:
    """Also those beside the one that is shown."""
    await store.append("c", "ada", question("q", "which animal"), answer=answer("a1", status="streaming"))
    await store.update("c", answer("a1", "surely an okapi"), close_stream=True)
    for id_, text in (("a2", "an okapi, perhaps"), ("a3", "a zebra")):
        again = ChatMessage(
            id=id_, role="assistant", content="", parent_id="q", metadata={"status": "streaming"}
        )
        await store.append_answer("c", again)
        final = ChatMessage(id=id_, role="assistant", content=text, parent_id="q")
        await store.update("c", final, close_stream=True)
    assert await found(store, "okapi") == ["a2", "a1"]
    assert await found(store, "zebra") == ["a3"]
