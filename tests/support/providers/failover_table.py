"""Plays each fault alone, with a provider beside it, and with one that fails, too; under both policies.

The results are the table in ``notebooks/reference/failover.md``: ``python -m
tests.support.providers.failover_table`` writes it, a test compares it.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, get_args

from llmock.pytest_plugin import LLMock
from llmock.testing import LLMockServer

from conduit_widget.contract import ChatEvent, ChatMethod
from conduit_widget.providers.config.settings import ProviderSettings
from conduit_widget.providers.directory import ProviderDirectory
from conduit_widget.providers.failover.policy import FailoverPolicy
from conduit_widget.providers.keys import Secret
from conduit_widget.providers.provider_config import ProviderConfig
from conduit_widget.types import FailoverMode
from tests.support.chat.server import Person, chat_server
from tests.support.hub.metrics_page import read_metrics
from tests.support.network.raw_http_server import RawHttpServer, RawReply, RawRequest
from tests.support.providers.failover_faults import BEGUN, FAULTS, PATIENT, WHOLE, Fault, Scene, go_on
from tests.support.waiting import eventually

TABLE: Final = Path(__file__).resolve().parents[3] / "notebooks" / "reference" / "failover.md"
FIRST: Final = "acme"
SECOND: Final = "backup"
MODELS: Final = {FIRST: "m", SECOND: "m2"}
KEY: Final = "sk-table-0123456789"
QUESTION: Final = "Count, please."
_COUNT: Final = "gen_ai_client_operation_duration_seconds_count"

Beside = Literal["alone", "a fallback", "fallback down too"]
_BESIDES: Final[tuple[Beside, ...]] = get_args(Beside)
_POLICIES: Final[tuple[FailoverMode, ...]] = get_args(FailoverMode)


class Seen(NamedTuple):
    """What came of one fault: the stored answer, what was told meanwhile, the state of the providers.

    ``counted``: what each provider did in the metrics, by type of error, which is empty for a whole answer.
    ``failed_models``: the same of the first one, by model.
    """

    answer: dict[str, Any]
    streamed: str
    failovers: list[dict[str, Any]]
    breakers: dict[str, str]
    asked: dict[str, int]
    counted: dict[str, dict[str, float]]
    failed_models: dict[str, float]
    everything: str

    @property
    def metadata(self) -> dict[str, Any]:
        """The metadata of the answer."""
        metadata: dict[str, Any] = self.answer["metadata"]
        return metadata

    @property
    def text(self) -> str:
        """The text of the answer."""
        text: str = self.answer["content"]
        return text

    @property
    def code(self) -> str:
        """What the answer's error is called, if it has one."""
        error = self.answer.get("error") or {}
        code: str = error.get("code") or error.get("type") or ""
        return code

    @property
    def segments(self) -> list[dict[str, Any]]:
        """Who wrote what."""
        segments: list[dict[str, Any]] = self.metadata.get("segments", [])
        return segments


async def play(fault: Fault, beside: Beside, policy: FailoverMode, folder: Path) -> Seen:
    """Ask a real hub one question while the fault happens."""
    scene = Scene(asyncio.Event(), asyncio.Event())
    posts = {FIRST: 0, SECOND: 0}

    async def first(request: RawRequest, reply: RawReply) -> None:
        if request.method == "GET":
            await reply.json({"data": [{"id": "m"}]})
            return
        posts[FIRST] += 1
        await fault.play(request, reply, scene)
        scene.freed.set()

    async def second(request: RawRequest, reply: RawReply) -> None:
        if request.method == "GET":
            await reply.json({"data": [{"id": "m2"}]})
            return
        posts[SECOND] += 1
        if beside == "fallback down too":
            await reply.json({"error": {"message": "no"}}, status=503)
        else:
            await go_on(request, reply)

    async with contextlib.AsyncExitStack() as stack:
        server = await stack.enter_async_context(_server(first))
        first_url = server.base_url
        mock = None
        if fault.mock is not None:
            mock = LLMock(stack.enter_context(LLMockServer()))
            first_url = mock.base_url()
        configs = [_config(FIRST, first_url, fault)]
        if beside != "alone":
            fallback = await stack.enter_async_context(_server(second))
            configs.append(_config(SECOND, fallback.base_url))
        settings = ProviderSettings(
            configured=tuple(configs),
            detect=False,
            models_dir=folder / "models",
            failover=FailoverPolicy(policy=policy),
        )
        directory = ProviderDirectory(settings, check_interval=0.05, probe_interval=600, models_interval=600)
        await directory.start()
        stack.push_async_callback(directory.aclose)
        await eventually(lambda: all(status.state == "healthy" for status in directory.statuses()))
        chat = await stack.enter_async_context(chat_server(folder / "chat.db", directory=directory))
        ann = await stack.enter_async_context(chat.person("ann"))
        await ann.join()
        if mock is not None and fault.mock is not None:
            fault.mock(mock)
        if fault.leaves:
            await server.__aexit__(None, None, None)
        answer_id = (await ann.send(QUESTION))["answerId"]
        watching = asyncio.create_task(_watch(ann, answer_id, fault, scene, posts))
        answer = await ann.final(answer_id)
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        if mock is not None:
            posts[FIRST] = len([each for each in mock.requests if "chat" in each.path])
        elif not fault.leaves:
            await eventually(scene.freed.is_set, what="the provider is free for others")
        page = await read_metrics(chat.url)
        return Seen(
            answer=answer,
            streamed=ann.streamed(answer_id),
            failovers=[notice for (notice,) in ann.of(ChatEvent.PROVIDER_FAILOVER)],
            breakers={status.provider: status.breaker for status in directory.statuses()},
            asked=posts,
            counted={name: page.by(_COUNT, "error_type", gen_ai_provider_name=name) for name in posts},
            failed_models=page.by(_COUNT, "gen_ai_response_model", gen_ai_provider_name=FIRST),
            everything=repr(ann.events) + repr(directory.statuses()),
        )


async def _watch(ann: Person, answer_id: str, fault: Fault, scene: Scene, posts: dict[str, int]) -> None:
    """Tell the script when readers have the beginning; press Stop where that is what happens."""
    await eventually(lambda: ann.streamed(answer_id) == fault.text and posts[FIRST])
    scene.seen.set()
    if fault.kind == "stop":
        await ann.invoke(ChatMethod.STOP_GENERATION, answer_id)


@contextlib.asynccontextmanager
async def _server(script: Any) -> AsyncIterator[RawHttpServer]:
    server = RawHttpServer(script)
    await server.__aenter__()
    try:
        yield server
    finally:
        await server.__aexit__(None, None, None)


def _config(name: str, base_url: str, fault: Fault | None = None) -> ProviderConfig:
    return ProviderConfig(
        name=name,
        base_url=base_url,
        model=MODELS[name],
        api_key=Secret(KEY),
        timeouts=PATIENT if fault is None else fault.timeouts,
    )


def check(fault: Fault, beside: Beside, policy: FailoverMode, seen: Seen) -> None:
    """Check what must hold whatever happened, and what this fault must lead to.

    Raises:
        AssertionError: a promise is broken.

    """
    text, segments = seen.text, seen.segments
    assert seen.streamed == text, "the deltas are the stored message"
    assert KEY not in seen.everything
    assert seen.metadata["provider"] in seen.asked
    for before, after in zip([{"to": 0}, *segments], segments, strict=False):
        assert before["to"] == after["from"], "the parts follow each other"
    switches = segments[:-1]
    told = [notice for notice in seen.failovers if notice["to"] is not None]
    if segments:
        assert segments[-1]["to"] == len(text)
        assert segments[-1]["provider"] == seen.metadata["provider"]
        assert [part["outcome"] for part in switches] == ["failed"] * len(switches)
    assert [(part["provider"], part["reason"]) for part in switches] == [
        (notice["from"]["provider"], notice["reason"]) for notice in told
    ]
    for notice in seen.failovers:
        assert (notice["messageId"], notice["policy"]) == (seen.answer["id"], policy)
        assert notice["midStream"] is (fault.kind == "middle")
    # Everybody who was asked is counted once: who failed by the type of the error, the others as they ended.
    took_part = [part["provider"] for part in segments] or [seen.metadata["provider"]]
    assert {name: sum(by.values()) for name, by in seen.counted.items() if by} == dict.fromkeys(took_part, 1)
    assert all("" not in seen.counted[part["provider"]] for part in switches)
    assert not switches or seen.failed_models == {switches[0]["model"]: 1}
    [error_type] = seen.counted[seen.metadata["provider"]]
    assert bool(error_type) == ((bool(seen.code) and fault.kind != "end") or fault.kind == "stop")
    # An open one is half open when its time is over, on a machine that stood still.
    assert (seen.breakers[FIRST] != "closed") == (fault.breaker == "open")

    fails_over = fault.kind == "before" or (fault.kind == "middle" and policy == "continue")
    assert seen.asked[SECOND] == (1 if fails_over and beside != "alone" else 0), "who is asked"
    assert seen.asked[FIRST] == (0 if fault.leaves else 1), "nobody is asked twice"
    if fails_over and beside == "a fallback":
        assert (text, seen.code, seen.metadata["status"]) == (WHOLE, "", "complete")
        assert len(segments) == 2
        return
    assert text == fault.text
    if fault.kind == "stop":
        assert seen.metadata["status"] == "cancelled"
    elif fault.kind != "end" or fault.code:
        assert seen.metadata["status"] == "error"
        assert seen.code in {fault.code, "server_error" if fails_over and beside != "alone" else fault.code}
    else:
        assert seen.metadata["status"] == "complete"


def cell(seen: Seen) -> str:
    """Return what came of a fault, in a few words."""
    seam = " + ".join(f"{part['provider']} {part['from']}-{part['to']}" for part in seen.segments)
    if seen.text == WHOLE:
        result = "whole"
    elif seen.text:
        result = f"“{seen.text}”"
    else:
        result = "no text"
    end = seen.code or {"complete": ""}.get(seen.metadata["status"], seen.metadata["status"])
    if end:
        result += f", {end}"
    return f"{result} ({seam})" if seam else result


async def row(fault: Fault) -> str:
    """Play a fault in every way, check it, and return its row."""
    cells: dict[tuple[Beside, FailoverMode], str] = {}
    told = counted = ""
    for beside in _BESIDES:
        for policy in _POLICIES:
            with tempfile.TemporaryDirectory() as folder:
                seen = await play(fault, beside, policy, Path(folder))
            try:
                check(fault, beside, policy, seen)
            except AssertionError as error:
                raise AssertionError(f"{fault.name}, {beside}, {policy}: {error}\n{seen}") from error
            cells[beside, policy] = cell(seen)
            if beside != "a fallback" or policy != "continue":
                continue
            [counted] = seen.counted[FIRST]
            if seen.failovers:
                notice = seen.failovers[0]
                told = notice["reason"] + (", mid-answer" if notice["midStream"] else "")
    columns = [fault.name]
    for beside in _BESIDES:
        results = [cells[beside, policy] for policy in _POLICIES]
        columns += results[:1] if beside == "alone" else results
        assert beside != "alone" or results[0] == results[1], "alone there is nothing to decide"
    return "| " + " | ".join([*columns, told or "-", counted or "-", fault.breaker]) + " |"


_COLUMNS: Final = (
    f"{FIRST} fails:",
    "alone",
    "a fallback, `continue`",
    "a fallback, `stop`",
    "fallback down too, `continue`",
    "fallback down too, `stop`",
    "told",
    "counted",
    "breaker",
)
HEAD: Final = f"""\
# What happens when a provider fails

Made by `python -m tests.support.providers.failover_table`, which plays each of these against a real hub; the
tests do, too, and compare.

The question goes to `{FIRST}`, which fails as the first column says; `{SECOND}` stands beside it or not, and
then answers, or fails with HTTP 503. The whole answer is “{WHOLE}”, of which readers
have “{BEGUN}” where a fault happens in mid-answer. In brackets: who wrote which code points of the
text (`metadata.segments`). *Told* is the reason in the `ProviderFailover` notice that people get where there
is a fallback, *counted* the `error_type` under which the metrics then count `{FIRST}`; *breaker* is the state
of that of `{FIRST}` after one such failure (three in a row open it).

In every row the deltas add up to the stored message, nothing is said twice, each provider that was asked is
counted once in the metrics, by provider and model, and no key shows in any event.

| {" | ".join(_COLUMNS)} |
|{" --- |" * len(_COLUMNS)}
"""


def table(rows: Sequence[str]) -> str:
    """Return the text of the page."""
    return HEAD + "\n".join(rows) + "\n"


async def _write() -> None:
    rows = []
    for fault in FAULTS:
        rows.append(await row(fault))
        print(rows[-1], flush=True)
    TABLE.parent.mkdir(parents=True, exist_ok=True)
    TABLE.write_text(table(rows), encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(_write())
