"""What real servers send, read whole and read byte by byte: an odd answer is an answer all the same."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import pytest

from conduit_widget.errors import ProviderError
from conduit_widget.providers.http_api.answer_decoder import MAX_KEEP_ALIVES
from conduit_widget.providers.http_api.answer_reader import AnswerReader
from conduit_widget.providers.keys import Secret
from conduit_widget.providers.openai.chunk_stream import ChunkStream
from conduit_widget.providers.provider import Chunk, Usage
from conduit_widget.providers.reading.provider_words import ProviderWords


class Answer(NamedTuple):
    """What a stream amounts to."""

    text: str
    reasoning: str = ""
    finish: str = "stop"
    usage: Usage | None = None


def data(*payloads: Any, end: bytes = b"\n\n") -> bytes:
    """Events of these payloads; texts and bytes as they are, everything else as JSON."""
    return b"".join(b"data: " + _encoded(payload) + end for payload in payloads)


def _encoded(payload: Any) -> bytes:
    if isinstance(payload, bytes):
        return payload
    return (payload if isinstance(payload, str) else json.dumps(payload)).encode()


def delta(finish: Any = None, **fields: Any) -> dict[str, Any]:
    """An event with one delta."""
    return {"model": "real", "choices": [{"index": 0, "delta": fields, "finish_reason": finish}]}


def choice(**fields: Any) -> dict[str, Any]:
    """An event with one choice as given."""
    return {"choices": [fields]}


HI = data(delta(content="Hi"))
STOP = data(delta("stop"))
DONE = data("[DONE]")


def read(stream: bytes, size: int, *, words: ProviderWords | None = None) -> list[Chunk]:
    """Read a stream in pieces of ``size`` bytes."""
    completion = ChunkStream("acme", "asked", key_hint="Set ACME_KEY", words=words)
    reader = AnswerReader("acme", completion)
    chunks: list[Chunk] = []
    for start in range(0, len(stream), size):
        chunks += reader.feed(stream[start : start + size])
        if completion.ended:
            break
    return [*chunks, *reader.end()]


def sum_of(chunks: list[Chunk]) -> Answer:
    """Put the chunks together; the last one ends them."""
    assert [bool(chunk.finish_reason) for chunk in chunks] == [False] * (len(chunks) - 1) + [True]
    return Answer(
        "".join(chunk.text for chunk in chunks),
        "".join(chunk.reasoning for chunk in chunks),
        chunks[-1].finish_reason or "",
        chunks[-1].usage,
    )


ANSWERS: dict[str, tuple[bytes, Answer]] = {
    # framing
    "one line end between events": (
        data(delta(content="a"), delta(content="b"), delta("stop"), "[DONE]", end=b"\n"),
        Answer("ab"),
    ),
    "CRLF": (data(delta(content="a"), delta("stop"), "[DONE]", end=b"\r\n\r\n"), Answer("a")),
    "one CRLF between events": (
        data(delta(content="a"), delta(content="b"), "[DONE]", end=b"\r\n"),
        Answer("ab"),
    ),
    "CR": (data(delta(content="a"), delta("stop"), "[DONE]", end=b"\r\r"), Answer("a")),
    "no space after data:": ((HI + STOP + DONE).replace(b"data: ", b"data:"), Answer("Hi")),
    "spaces around a payload": (data(delta(content="Hi"), "[DONE] "), Answer("Hi")),
    "a BOM": (b"\xef\xbb\xbf" + HI + STOP + DONE, Answer("Hi")),
    "a BOM in every event": (
        data(*(b"\xef\xbb\xbf" + json.dumps(delta(content=word)).encode() for word in "ab")) + DONE,
        Answer("ab"),
    ),
    "no [DONE]": (HI + STOP, Answer("Hi")),
    "[DONE] without a finish reason": (HI + DONE, Answer("Hi")),
    "[DONE] without a line end": (HI + b"data: [DONE]", Answer("Hi")),
    "text after [DONE]": (HI + DONE + data(delta(content="more")), Answer("Hi")),
    "the last event without its blank line": (HI + data(delta("stop"), end=b"\n"), Answer("Hi")),
    "an event over several data lines": (
        b"".join(
            b"data: " + line + b"\n"
            for line in json.dumps(delta(content="Hi"), indent=1).encode().split(b"\n")
        )
        + b"\n"
        + DONE,
        Answer("Hi"),
    ),
    "names, ids and retry": (b"event: message\nid: 7\nretry: 10\n" + HI + STOP, Answer("Hi")),
    "objects without data:": (
        HI + json.dumps(delta("stop")).encode() + b"\n",
        Answer("Hi"),
    ),
    # keep-alives
    "empty data": (HI + b"data: \n\n" + data(delta(content="!")) + DONE, Answer("Hi!")),
    "empty data without a space": (HI + b"data:\n\ndata\n\n" + STOP, Answer("Hi")),
    "empty data, one line end": (b"data: \n" + data(delta(content="Hi"), "[DONE]", end=b"\n"), Answer("Hi")),
    "keep-alives as data": (data(": keepalive") + HI + data(": keepalive") + STOP, Answer("Hi")),
    "keep-alives as data, one line end": (
        data(": ping", delta(content="Hi"), ": ping", delta("stop"), ": ping", end=b"\n"),
        Answer("Hi"),
    ),
    "words, null and objects as keep-alives": (
        data("ping", "null", '"x"', "7", {"type": "ping"}, {}, []) + HI + DONE,
        Answer("Hi"),
    ),
    "comments": (b": PROCESSING\n\n: PROCESSING\n\n" + HI + b":\n\n" + STOP, Answer("Hi")),
    # shapes
    "delta null": (
        data(choice(delta=None)) + HI + data(choice(delta=None, finish_reason="stop")),
        Answer("Hi"),
    ),
    "no delta": (data(choice(index=0)) + HI + data(choice(finish_reason="stop")), Answer("Hi")),
    "delta of a wrong type": (
        data(choice(delta="x"), choice(delta=[1]), choice(delta=7)) + HI + DONE,
        Answer("Hi"),
    ),
    "choices null": (data({"choices": None}) + HI + DONE, Answer("Hi")),
    "choices empty": (data({"choices": []}) + HI + DONE, Answer("Hi")),
    "choices of a wrong type": (
        data({"choices": 3}, {"choices": {}}, {"choices": [None]}, {"choices": ["x"]}) + HI + DONE,
        Answer("Hi"),
    ),
    "content null": (data(delta(content=None, role="assistant")) + HI + STOP, Answer("Hi")),
    "content of a wrong type": (data(delta(content=7), delta(content=True)) + HI + STOP, Answer("Hi")),
    "content in parts": (
        data(
            delta(content=[{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}]),
            delta(content=[{"type": "text", "text": "H"}, "i", {"type": "image"}, None, {"type": 3}]),
            delta("stop", content={"type": "text", "text": "!"}),
        ),
        Answer("Hi!", "hm"),
    ),
    "message in place of delta": (
        data(choice(message={"content": "Hi"}, finish_reason="stop")),
        Answer("Hi"),
    ),
    "text in the choice": (data(choice(text="Hi", finish_reason="stop")), Answer("Hi")),
    "a refusal as text": (data(delta("stop", refusal="I will not.")), Answer("I will not.")),
    "an error of null": (data({**delta(content="Hi"), "error": None}) + STOP, Answer("Hi")),
    "NaN where nobody reads": (
        data('{"x": NaN, "choices": [{"delta": {"content": "H", "p": -Infinity}}]}')
        + data('{"choices": [{"logprobs": Infinity, "delta": {"content": "i"}, "finish_reason": "stop"}]}'),
        Answer("Hi"),
    ),
    "numbers without an end": (
        data('{"created": 1e999, "choices": [{"index": ' + "9" * 5000 + ', "delta": {"content": "Hi"}}]}')
        + STOP,
        Answer("Hi"),
    ),
    "a model that is no text": (data({**delta(content="Hi"), "model": {"a": 1}}) + STOP, Answer("Hi")),
    "bytes that are no UTF-8": (
        data(b'{"choices": [{"delta": {"content": "a\xff"}}]}') + STOP,
        Answer("a\ufffd"),
    ),
    # the end
    "finish reason empty": (
        data(delta("", content="H"), delta("", content="i"), delta("stop")),
        Answer("Hi"),
    ),
    "finish reason 0": (data(delta(0, content="Hi")) + DONE, Answer("Hi")),
    "finish reason a number": (data(delta(2, content="Hi")), Answer("Hi", finish="unknown")),
    "finish reason an object": (
        data(delta({"type": "length", "length": 5}, content="Hi")),
        Answer("Hi", finish="length"),
    ),
    "finish reason abort": (HI + data(delta("abort")), Answer("Hi", finish="abort")),
    "finish reason content_filter": (
        HI + data(delta("content_filter")),
        Answer("Hi", finish="content_filter"),
    ),
    "finish reason too long": (HI + data(delta("x" * 500)), Answer("Hi", finish="unknown")),
    "finish reason with the last text": (data(delta("length", content="Hi")), Answer("Hi", finish="length")),
    "text after the finish reason": (STOP + HI + DONE, Answer("Hi")),
    "only tool calls": (
        data(delta(tool_calls=[{"index": 0, "function": {"name": "f"}}]), delta("tool_calls")),
        Answer("", finish="tool_calls"),
    ),
    "tool calls that end in stop": (
        data(delta(tool_calls=[{"id": "1"}]), delta("stop")),
        Answer("", finish="tool_calls"),
    ),
    "a function call that ends in [DONE]": (
        data(delta(function_call={"name": "f"})) + DONE,
        Answer("", finish="tool_calls"),
    ),
    "only stop": (STOP + DONE, Answer("")),
    # usage
    "usage in a chunk without choices": (
        HI + STOP + data({"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 2}}) + DONE,
        Answer("Hi", usage=Usage(5, 2)),
    ),
    "usage in a chunk that has no choices at all": (
        HI + STOP + data({"usage": {"prompt_tokens": 5, "completion_tokens": 2}}) + DONE,
        Answer("Hi", usage=Usage(5, 2)),
    ),
    "usage in every chunk": (
        data(
            *(
                {**delta(content=w), "usage": {"prompt_tokens": 5, "completion_tokens": n}}
                for n, w in enumerate("Hi", 1)
            )
        )
        + DONE,
        Answer("Hi", usage=Usage(5, 2)),
    ),
    "usage null until the end": (
        data({**delta(content="Hi"), "usage": None}, {**delta("stop"), "usage": {"prompt_tokens": 1}}),
        Answer("Hi", usage=Usage(1, None)),
    ),
    "usage half null": (
        data({**delta("stop", content="Hi"), "usage": {"prompt_tokens": 5, "completion_tokens": None}}),
        Answer("Hi", usage=Usage(5, None)),
    ),
    "usage in floats": (
        data({**delta("stop", content="Hi"), "usage": {"prompt_tokens": 2.0, "completion_tokens": 2.5}}),
        Answer("Hi", usage=Usage(2, None)),
    ),
    "usage of wrong types": (
        data({**delta("stop", content="Hi"), "usage": {"prompt_tokens": "5", "completion_tokens": True}}),
        Answer("Hi"),
    ),
    "usage below zero": (
        data({**delta("stop", content="Hi"), "usage": {"prompt_tokens": -5, "completion_tokens": [1]}}),
        Answer("Hi"),
    ),
    "usage over 64 bits": (
        data({**delta("stop", content="Hi"), "usage": {"prompt_tokens": 2**64, "completion_tokens": 10**30}}),
        Answer("Hi"),
    ),
    "usage over 53 bits": (
        data(
            {**delta("stop", content="Hi"), "usage": {"prompt_tokens": 2**53, "completion_tokens": 2**53 - 1}}
        ),
        Answer("Hi", usage=Usage(None, 2**53 - 1)),
    ),
    "usage without an end": (
        data('{"usage": {"prompt_tokens": 1e999, "completion_tokens": NaN}}') + HI + STOP,
        Answer("Hi"),
    ),
    "usage a list": (data({**delta("stop", content="Hi"), "usage": [1, 2]}), Answer("Hi")),
    # half characters
    "a character in two escapes": (
        data(
            '{"choices": [{"delta": {"content": "a\\ud83d"}}]}',
            '{"choices": [{"delta": {"content": "\\ude00b"}}]}',
        )
        + STOP,
        Answer("a😀b"),
    ),
    "a character in two escapes, an event between": (
        data('{"choices": [{"delta": {"content": "\\ud83d"}}]}')
        + b": ping\n\n"
        + data(delta(content=""), '{"choices": [{"delta": {"content": "\\ude00"}}]}')
        + STOP,
        Answer("😀"),
    ),
    "half a character and other text": (
        data('{"choices": [{"delta": {"content": "a\\ud83d"}}]}') + data(delta(content="b")) + STOP,
        Answer("a\ufffdb"),
    ),
    "half a character at the end": (
        data('{"choices": [{"delta": {"content": "a\\ud83d"}, "finish_reason": "stop"}]}'),
        Answer("a\ufffd"),
    ),
    "the second half alone": (
        data('{"choices": [{"delta": {"content": "\\ude00a"}}]}') + STOP,
        Answer("\ufffda"),
    ),
    "a character in two halves of reasoning": (
        data(
            '{"choices": [{"delta": {"reasoning": "\\ud83d"}}]}',
            '{"choices": [{"delta": {"reasoning": "\\ude00"}}]}',
        )
        + HI
        + STOP,
        Answer("Hi", "😀"),
    ),
    # reasoning
    "reasoning_content": (data(delta(reasoning_content="hm", content=None)) + HI + STOP, Answer("Hi", "hm")),
    "reasoning": (
        data(delta(reasoning="h"), delta(reasoning="m", content="")) + HI + STOP,
        Answer("Hi", "hm"),
    ),
    "reasoning in both spellings": (
        data(delta(reasoning="hm", reasoning_content="hm")) + HI + STOP,
        Answer("Hi", "hm"),
    ),
    "reasoning with details": (
        data(delta(reasoning="hm", reasoning_details=[{"type": "reasoning.text", "text": "hm"}])) + HI + STOP,
        Answer("Hi", "hm"),
    ),
    "reasoning in details only": (
        data(delta(reasoning_details=[{"type": "reasoning.summary", "summary": "hm"}, {"data": "x"}]))
        + HI
        + STOP,
        Answer("Hi", "hm"),
    ),
    "reasoning an object": (data(delta(reasoning={"content": "hm"})) + HI + STOP, Answer("Hi", "hm")),
    "reasoning of a wrong type": (
        data(delta(reasoning=7), delta(reasoning_content=[3])) + HI + STOP,
        Answer("Hi"),
    ),
    "only reasoning": (data(delta(reasoning="hm"), delta("length")), Answer("", "hm", "length")),
    "thinking in tags": (data(delta(content="<think>\nhm</think>\n\nHi")) + STOP, Answer("Hi", "\nhm")),
    "thinking in tags, split": (
        data(*(delta(content=c) for c in "\n<think>a < b</thi</think>\n<b>Hi</b>")) + STOP,
        Answer("<b>Hi</b>", "a < b</thi"),
    ),
    "blanks without an end": (
        data(*(delta(content=" " * 100) for _ in range(20)), delta(content="<think>Hi")) + STOP,
        Answer(" " * 2000 + "<think>Hi"),
    ),
    "blanks without an end after thinking": (
        data(
            delta(content="<think>hm</think>"),
            *(delta(content="\n" * 100) for _ in range(20)),
            delta(content="Hi"),
        )
        + STOP,
        Answer("Hi", "hm"),
    ),
    "thinking never closed": (
        data(delta(content="<think>hm"), delta(content=" </thin")) + STOP,
        Answer("", "hm </thin"),
    ),
    "thinking in brackets": (data(delta(content="[THINK]hm[/THINK]Hi")) + STOP, Answer("Hi", "hm")),
    "thinking twice": (
        data(delta(content="<think>a</think>\n<think>b</think>Hi")) + STOP,
        Answer("Hi", "ab"),
    ),
    "empty thinking": (data(delta(content="<think>\n\n</think>\n\nHi")) + STOP, Answer("Hi", "\n\n")),
    "a tag further on": (
        data(delta(content="Use <think>"), delta(content="x</think>")) + STOP,
        Answer("Use <think>x</think>"),
    ),
    "almost a tag": (data(delta(content="  <th"), delta(content="ead>")) + STOP, Answer("  <thead>")),
    "the beginning of a tag at the end": (data(delta(content="<thi")) + STOP, Answer("<thi")),
    "only white space": (data(delta(content=" \n")) + STOP, Answer(" \n")),
    # whole answers
    "whole": (
        json.dumps(
            {
                **choice(message={"role": "assistant", "content": "Hi"}, finish_reason="stop"),
                "usage": {"prompt_tokens": 1},
            }
        ).encode(),
        Answer("Hi", usage=Usage(1, None)),
    ),
    "whole, indented, with a BOM": (
        b"\xef\xbb\xbf\n" + json.dumps(choice(message={"content": "Hi"}), indent=2).encode() + b"\n",
        Answer("Hi"),
    ),
    "whole with thinking": (
        json.dumps(choice(message={"content": "<think>hm</think>Hi"}, finish_reason="length")).encode(),
        Answer("Hi", "hm", "length"),
    ),
    "whole with half a character": (
        b'{"choices": [{"message": {"content": "a\\ud83d"}}]}',
        Answer("a\ufffd"),
    ),
    "an object a line": (
        b"\n".join(json.dumps(event).encode() for event in (delta(content="H"), delta("stop", content="i"))),
        Answer("Hi"),
    ),
}


@pytest.mark.parametrize("size", [1, 2, 7, 10**6])
@pytest.mark.parametrize("case", ANSWERS)
def test_odd_answer_is_the_whole_answer_however_it_is_split(case: str, size: int) -> None:
    """Text, reasoning, finish reason and usage are what was meant, whatever the reads."""
    stream, expected = ANSWERS[case]
    assert sum_of(read(stream, size)) == expected


def error(body: Any) -> bytes:
    """Some text, then an event with an error, then ``[DONE]``."""
    return HI + data(body) + DONE


ERRORS: dict[str, tuple[bytes, tuple[str, str | None, int | None]]] = {
    "an error object": (
        error({"error": {"message": "x", "type": "server_error", "code": "boom"}}),
        ("server_error", "boom", 500),
    ),
    "its own status": (error({"error": {"message": "x", "code": 503}}), ("server_error", None, 503)),
    "its own status as text": (error({"error": {"message": "x", "code": "429"}}), ("rate_limit", None, 429)),
    "an error text": (error({"error": "boom"}), ("server_error", None, 500)),
    "an object that is an error": (
        error({"object": "error", "message": "x", "type": "BadRequestError", "param": None, "code": 400}),
        ("server_error", "BadRequestError", 400),
    ),
    "an object of another case": (
        error({"object": "Error", "message": [], "code": 3001}),
        ("server_error", None, 500),
    ),
    "a type that is an error": (
        error({"type": "error", "error": {"type": "overloaded_error"}}),
        ("server_error", "overloaded_error", 529),
    ),
    "error_type and error_message": (
        error({"error_type": "context_length_exceeded", "error_message": "x"}),
        ("server_error", "context_length_exceeded", 500),
    ),
    "a code by its name": (
        error({"error": {"code": "rate_limit_exceeded"}}),
        ("rate_limit", "rate_limit_exceeded", 429),
    ),
    "an error with choices": (
        error({**delta("error", content=""), "error": {"code": "server_error", "message": "gone"}}),
        ("server_error", "server_error", 500),
    ),
    "a finish reason that is an error": (HI + data(delta("error")) + DONE, ("server_error", None, 500)),
    "a detail": (error({"detail": "Internal error"}), ("server_error", None, 500)),
    "a list of one": (
        error([{"error": {"code": 429, "status": "RESOURCE_EXHAUSTED"}}]),
        ("rate_limit", "RESOURCE_EXHAUSTED", 429),
    ),
    "an error line": (
        HI + b'error: {"code": 500, "message": "x", "type": "server_error"}\n\n',
        ("server_error", "server_error", 500),
    ),
    "an object without data:": (
        HI + b'{"error": {"message": "x", "code": 502}}\n',
        ("server_error", None, 502),
    ),
    "a named event": (
        HI + b"event: error\n" + data({"error": {"message": "x", "code": 500}}),
        ("server_error", None, 500),
    ),
    "cut": (HI, ("network_error", "truncated", None)),
    "cut in an event": (HI + b'data: {"choices": [{"del', ("network_error", "truncated", None)),
    "cut in a line end": (HI + b'data: {"choices": [{"del\n', ("network_error", "truncated", None)),
    "JSON that is cut": (HI + data('{"choices": [{"del'), ("server_error", "malformed", None)),
    "JSON that nests without an end": (
        HI + data('{"a": ' + "[" * 100 + "NaN" + "]" * 100 + "}"),
        ("server_error", "malformed", None),
    ),
}


@pytest.mark.parametrize("size", [1, 10**6])
@pytest.mark.parametrize("case", ERRORS)
def test_error_in_a_stream_has_its_own_code_and_costs_no_text(case: str, size: int) -> None:
    """What came before the error is passed on; the error is the provider's, not a guess."""
    stream, expected = ERRORS[case]
    completion = ChunkStream("acme", "asked", key_hint="Set ACME_KEY")
    reader = AnswerReader("acme", completion)
    text = ""

    def play() -> None:
        nonlocal text
        for start in range(0, len(stream), size):
            for chunk in reader.feed(stream[start : start + size]):
                text += chunk.text
        list(reader.end())

    with pytest.raises(ProviderError) as caught:
        play()
    assert text == "Hi"
    assert (caught.value.type, caught.value.code, caught.value.status_code) == expected


@pytest.mark.parametrize(
    "stream",
    [
        b"",
        b"\n\n",
        b"<!doctype html><html>",
        b"\xff\xfe\x00",
        b"data: hello\n\ndata: world\n\n",
        b"hello\nworld\n",
        b'{"choices": [{"message": {"content": "cut of',
        b'{"a": ' + b"[" * 100 + b"]" * 100 + b"}",
        b"data: {\n\n",
        b": ping\n\n" * 5,
        data(*[": keepalive"] * (MAX_KEEP_ALIVES + 1)) + HI + DONE,
        data(*[{}] * (MAX_KEEP_ALIVES + 1)) + HI + DONE,
        data("x" * (1024 * 1024 + 10)),
        b"[" + b" " * (1024 * 1024 + 10),
    ],
)
def test_what_is_no_answer_is_an_error_that_shows_none_of_it(stream: bytes) -> None:
    """One clear line, whatever came."""
    with pytest.raises(ProviderError) as caught:
        read(stream, 4096)
    assert caught.value.code == "malformed"
    assert "hello" not in str(caught.value)


def test_keep_alives_that_are_not_in_a_row_are_never_too_many() -> None:
    """Only an answer that says nothing for long is none."""
    stream = (data(*[": ping"] * MAX_KEEP_ALIVES) + HI) * 2 + DONE
    assert sum_of(read(stream, 4096)).text == "HiHi"


def test_names_are_bounded_and_plain_where_they_come_in() -> None:
    """A name of half a million characters, one that hides something, one with a key: the asked one stays."""
    key = "sk-0123456789abcdef"
    for name in ("m" * 500_000, "gpt\u202e4", "a\nb", f"model-{key}", key[:12], ""):
        stream = data({**delta(content="Hi"), "model": name}, {**delta(key), "model": None})
        chunks = read(stream, 4096, words=ProviderWords([Secret(key)]))
        assert {chunk.model for chunk in chunks} == {"asked"}
        assert chunks[-1].finish_reason == "unknown"
    assert read(HI + STOP, 10)[-1].model == "real"


def test_white_space_and_first_words_are_not_held_back() -> None:
    """What cannot become a tag is passed on at once."""
    completion = ChunkStream("acme", "asked", key_hint="")
    reader = AnswerReader("acme", completion)
    assert [chunk.text for chunk in reader.feed(data(delta(content=" Hi")))] == [" Hi"]
    assert [chunk.text for chunk in reader.feed(data(delta(content="<think>")))] == ["<think>"]
