"""One provider after another, until one has answered: who is asked, with what, and what is told of it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import msgspec
import pytest

from conduit_widget.errors import ProviderError
from conduit_widget.providers import failures
from conduit_widget.providers.failover.health import ProviderHealth
from conduit_widget.providers.failover.policy import FailoverPolicy
from conduit_widget.providers.failover.router import Candidate, Router
from conduit_widget.providers.provider import Chunk, Failover, GenerationRequest, PromptMessage
from conduit_widget.providers.reading.error_bodies import ErrorBody
from conduit_widget.types import ImagePart, ImageUrl, TextPart
from tests.support.providers.scripted_provider import ScriptedProvider

REQUEST = GenerationRequest(messages=[PromptMessage("user", "Hi")])
BUSY = failures.refused("a", 503, ErrorBody())
CUT = failures.truncated("a")
TOO_LONG = failures.refused("a", 400, ErrorBody("context_length_exceeded"))


class Clock:
    """A settable clock."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


class Case:
    """Candidates called ``a``, ``b``, … with a script each, and a router over them."""

    def __init__(self, *scripts: list[Any], prefills: bool = True, **policy: Any) -> None:
        self.clock = Clock()
        self.providers = [
            ScriptedProvider(script, name=name) for name, script in zip("abcd", scripts, strict=False)
        ]
        self.healths = [
            ProviderHealth(provider.name, lambda _: None, monotonic=self.clock) for provider in self.providers
        ]
        self.router = Router(
            [
                Candidate(provider, health, prefills)
                for provider, health in zip(self.providers, self.healths, strict=True)
            ],
            FailoverPolicy(**policy),
            clock=self.clock,
        )
        self.chunks: list[Chunk] = []
        self.error: ProviderError | None = None

    async def ask(self, request: GenerationRequest = REQUEST) -> Case:
        """Read the whole answer."""
        try:
            async for chunk in self.router.generate(request):
                self.chunks.append(chunk)
        except ProviderError as error:
            self.error = error
        return self

    @property
    def text(self) -> str:
        """What readers have."""
        return "".join(chunk.text for chunk in self.chunks)

    @property
    def asked(self) -> list[int]:
        """How often each provider was asked."""
        return [len(provider.requests) for provider in self.providers]

    @property
    def told(self) -> list[Failover]:
        """What was told of failures."""
        return [chunk.failover for chunk in self.chunks if chunk.failover is not None]

    def messages(self, provider: int) -> list[tuple[str, object]]:
        """What a provider was asked last."""
        return [(message.role, message.content) for message in self.providers[provider].requests[-1].messages]


async def test_the_first_answers_and_nothing_is_told() -> None:
    """While all is well the others are not asked."""
    case = await Case(["Hello"], ["no"]).ask()
    assert (case.text, case.asked, case.told, case.error) == ("Hello", [1, 0], [], None)


@pytest.mark.parametrize("policy", ["continue", "stop"])
async def test_next_one_answers_while_nothing_was_seen(policy: str) -> None:
    """Whatever the policy; both are told apart, and the first one is judged."""
    case = await Case([BUSY], ["Hello"], policy=policy).ask()
    assert (case.text, case.asked, case.error) == ("Hello", [1, 1], None)
    [failover] = case.told
    assert (failover.source, failover.target, failover.mid_stream) == ("a", "b", False)
    assert failover.text == "a gave no answer; b answers instead."
    assert [health.status.state for health in case.healths] == ["degraded", "unknown"]


async def test_next_one_goes_on_with_the_text_as_its_own() -> None:
    """The text so far is the last message of the prompt; what comes continues it."""
    case = await Case(["One two", CUT], [" three"]).ask()
    assert (case.text, case.error) == ("One two three", None)
    assert case.messages(1) == [("user", "Hi"), ("assistant", "One two")]
    [failover] = case.told
    assert (failover.mid_stream, failover.reason) == (True, "truncated")
    assert failover.text == "a failed in the middle of the answer; b goes on."


async def test_next_one_is_told_to_go_on_where_it_cannot_be_given_its_beginning() -> None:
    """The instruction names the last words, which are not said twice."""
    case = await Case(["One two", CUT], ["One two three"], prefills=False).ask()
    assert case.text == "One two three"
    (_, _), (role, text), (last, instruction) = case.messages(1)
    assert (role, text, last) == ("assistant", "One two", "user")
    assert "«One two»" in str(instruction)


async def test_provider_that_refuses_a_beginning_is_told_to_go_on() -> None:
    """One more try of the same provider, which says nothing to its health."""
    refusal = failures.refused("b", 400, ErrorBody())
    case = Case(["One two", CUT], [refusal])
    case.providers[1]._scripts = ([refusal], [" three"])
    await case.ask()
    assert (case.text, case.asked, case.error) == ("One two three", [1, 2], None)
    assert len(case.told) == 1
    assert case.healths[1].status.state == "unknown"


async def test_another_answer_is_not_glued_on() -> None:
    """A provider that begins anew is told to go on, then given up for the next."""
    text = "The capital of France is Paris. It lies on the Seine and has two"
    anew = "The capital of France is Paris, which was founded"
    case = await Case([text, CUT], [anew], [" million people."], attempts=4).ask()
    assert (case.text, case.asked) == (f"{text} million people.", [1, 2, 1])
    assert [failover.target for failover in case.told] == ["b", "c"]


async def test_stop_keeps_the_text_and_says_why() -> None:
    """After the first text nobody else is asked under that policy."""
    case = await Case(["One two", CUT], ["no"], policy="stop").ask()
    assert (case.text, case.asked) == ("One two", [1, 0])
    assert case.error is not None
    assert case.error.code == "truncated"
    [failover] = case.told
    assert (failover.target, failover.policy) == (None, "stop")


@pytest.mark.parametrize("script", [[TOO_LONG], [failures.refused("a", 400, ErrorBody("content_filter"))]])
async def test_request_that_is_at_fault_goes_to_nobody_else(script: list[Any]) -> None:
    """Too long, refused as such: its asker is told, its provider is not to blame."""
    case = await Case(script, ["no"]).ask()
    assert (case.asked, case.told) == ([1, 0], [])
    assert case.error is not None
    assert str(case.error) == str(script[0])
    assert case.healths[0].status.state == "unknown"


async def test_all_that_failed_are_named() -> None:
    """The last error is told, with the others in brackets."""
    case = await Case(
        [failures.refused("a", 401, ErrorBody())], [failures.refused("b", 503, ErrorBody())]
    ).ask()
    assert case.error is not None
    assert str(case.error).endswith("Nor could: a (HTTP 401).")
    assert (case.error.recoverable, case.error.status_code) == (True, 503)
    assert isinstance(case.error.__cause__, ProviderError)
    assert [failover.target for failover in case.told] == ["b", None]


class _Slow(ScriptedProvider):
    """Takes eleven seconds of a clock before its script begins."""

    clock: Clock

    async def generate(self, request: GenerationRequest) -> Any:
        """Play the script."""
        self.clock.now += 11
        async for chunk in super().generate(request):
            yield chunk


async def test_attempts_are_bounded() -> None:
    """Two of three under a limit of two."""
    case = await Case([BUSY], [BUSY], ["no"], attempts=2).ask()
    assert case.asked == [1, 1, 0]


async def test_time_is_bounded() -> None:
    """Nobody else is asked once the time without text is over."""
    case = Case([BUSY], ["no"], seconds=10)
    slow = _Slow([BUSY], name="a")
    slow.clock = case.clock
    candidates = [Candidate(slow, case.healths[0]), Candidate(case.providers[1], case.healths[1])]
    case.router = Router(candidates, FailoverPolicy(seconds=10), clock=case.clock)
    await case.ask()
    assert case.asked[1] == 0
    assert case.error is not None


async def test_open_breaker_is_passed_over() -> None:
    """Without an attempt and a word; where all are open the first one is asked nevertheless."""
    case = Case(["no"], ["Hello"])
    case.healths[0].record_failure(failures.unreachable("a", "http://x"))
    await case.ask()
    assert (case.text, case.asked, case.told) == ("Hello", [0, 1], [])
    assert case.chunks[0].provider == "b"
    both = Case(["Hello"], ["no"])
    for health in both.healths:
        health.record_failure(failures.unreachable("a", "http://x"))
    await both.ask()
    assert (both.text, both.asked) == ("Hello", [1, 0])


async def test_half_open_breaker_lets_one_answer_through() -> None:
    """While it is written others go elsewhere; one that is stopped gives its place back."""
    case = Case(["Hello"], ["there"])
    case.healths[0].record_failure(failures.unreachable("a", "http://x"))
    case.clock.now += 5
    first = case.router.generate(REQUEST)
    assert (await anext(first)).text == "Hello"
    await case.ask()
    assert case.text == "there"
    await first.aclose()
    assert case.healths[0].breaker.admit() is not None


@pytest.mark.parametrize("left_at", ["name", "notice"])
async def test_stop_between_two_attempts_gives_the_place_back(left_at: str) -> None:
    """A half open provider that was to be asked, and never was, is asked by the next one."""
    case = Case([BUSY], ["Hello"], ["there"])
    case.healths[1].record_failure(failures.unreachable("b", "http://x"))
    if left_at == "name":
        case.healths[0].record_failure(failures.refused("a", 429, ErrorBody(), headers={"retry-after": "60"}))
    case.clock.now += 5
    answer = case.router.generate(REQUEST)
    first = await anext(answer)
    assert (first.provider, first.failover is None) == ("b", left_at == "name")
    await answer.aclose()
    assert case.healths[1].breaker.admit() is not None


async def test_second_try_by_instruction_keeps_the_place() -> None:
    """Nobody else is let in between the two requests of one trial."""
    case = Case(["One two", CUT], ["unused"])
    health = case.healths[1]
    health.record_failure(failures.unreachable("b", "http://x"))
    case.clock.now += 5
    admitted = []

    class Watched(ScriptedProvider):
        async def generate(self, request: GenerationRequest) -> AsyncGenerator[Chunk, None]:
            admitted.append(health.breaker.admit())
            async with aclosing(super().generate(request)) as chunks:
                async for chunk in chunks:
                    yield chunk

    watched = Watched([failures.refused("b", 400, ErrorBody())], ["One two three"], name="b")
    case.router = Router(
        [Candidate(case.providers[0], case.healths[0]), Candidate(watched, health, prefills=True)],
        FailoverPolicy(),
        clock=case.clock,
    )
    await case.ask()
    assert (case.text, case.error, admitted) == ("One two three", None, [None, None])


async def test_model_is_asked_for_only_where_it_is() -> None:
    """Others answer with their own; one that nobody else has is not replaced when it is missing."""
    request = msgspec.structs.replace(REQUEST, model="big")
    case = Case([BUSY], ["Hello"], ["x"])
    case.healths[1].record_probe(["small"])
    await case.ask(request)
    assert [provider.requests[0].model for provider in case.providers[:2]] == ["big", None]
    assert case.told[0].target_model == "small"
    missing = Case([failures.refused("a", 404, ErrorBody(), model="big")], ["no"], ["Hello"])
    missing.healths[2].record_probe(["big"])
    await missing.ask(request)
    assert (missing.text, missing.asked) == ("Hello", [1, 0, 1])


async def test_thoughts_of_two_stand_apart() -> None:
    """What the second one thinks begins a paragraph of its own."""
    case = await Case([Chunk("", "m", reasoning="Hm"), BUSY], [Chunk("", "m", reasoning="So"), "Yes"]).ask()
    assert "".join(chunk.reasoning for chunk in case.chunks) == "Hm\n\nSo"
    assert case.text == "Yes"


async def test_smaller_context_gets_a_shorter_prompt() -> None:
    """The asker shortens it, with room for the text so far."""
    asked: list[tuple[int, str]] = []

    async def fit(context_tokens: int, text: str) -> list[PromptMessage]:
        asked.append((context_tokens, text))
        return [PromptMessage("user", "short")]

    case = Case(["One", CUT], [" two"])
    case.providers[1].context_tokens = 100
    await case.ask(msgspec.structs.replace(REQUEST, fit=fit))
    assert asked == [(100, "One")]
    assert case.messages(1) == [("user", "short"), ("assistant", "One")]


async def test_code_that_fails_is_a_failure_like_any_other(caplog: pytest.LogCaptureFixture) -> None:
    """Another provider answers; the log says where it was, and nothing of the text."""
    case = await Case([ValueError("secret prompt")], ["Hello"]).ask()
    assert (case.text, case.error) == ("Hello", None)
    assert "ValueError" in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize(
    ("reads", "is_named", "asked"),
    [
        ((False, True), False, [0, 1]),
        ((False, None), False, [0, 1]),
        ((None, True), False, [0, 1]),
        ((None, True), True, [1, 0]),
        ((False, True), True, [0, 1]),
        ((None, None), False, [1, 0]),
        ((False, False), False, [1, 0]),
    ],
)
async def test_image_goes_to_a_provider_that_reads_it(
    reads: tuple[bool | None, bool | None], is_named: bool, asked: list[int]
) -> None:
    """One that does not is passed over, unless none can; who may comes later. Plain questions go as ever."""
    case = Case(["a cat"], ["a cat"])
    candidates = [
        Candidate(provider, health, reads_images=can)
        for provider, health, can in zip(case.providers, case.healths, reads, strict=True)
    ]
    case.router = Router(candidates, FailoverPolicy(), is_named=is_named)
    image = ImagePart(image_url=ImageUrl(url="data:image/png;base64,AA=="))
    await case.ask(GenerationRequest(messages=[PromptMessage("user", [TextPart(text="What?"), image])]))
    assert (case.text, case.asked) == ("a cat", asked)
    await case.ask()
    assert case.asked == [asked[0] + 1, asked[1]]
