"""Which provider answers, and what the directory says of it."""

from __future__ import annotations

import asyncio
import functools
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from conduit_widget.errors import ProviderError
from conduit_widget.providers import failures, kinds
from conduit_widget.providers.config.settings import ProviderSettings
from conduit_widget.providers.directory import ProviderDirectory
from conduit_widget.providers.discovery import loopback_servers
from conduit_widget.providers.discovery.loopback_servers import SIGNATURES, Signature
from conduit_widget.providers.keys import Secret
from conduit_widget.providers.kinds import ProviderKind
from conduit_widget.providers.local import model
from conduit_widget.providers.local.model import SMOLLM2, model_path
from conduit_widget.providers.outcome import GenerationOutcome
from conduit_widget.providers.provider import GenerationRequest, PromptMessage, Provider
from conduit_widget.providers.provider_config import ProviderConfig
from conduit_widget.types import ProviderQuestion, ProviderStatus
from tests.support.network.ports import free_port
from tests.support.network.raw_http_server import RawHttpServer, RawReply, RawRequest
from tests.support.providers import foreign_provider
from tests.support.waiting import eventually

REQUEST = GenerationRequest(messages=[PromptMessage("user", "Hi")])


def pretend_installed(models_dir: Path) -> None:
    """Put a (sparse) file of the model's size in place."""
    models_dir.mkdir(parents=True, exist_ok=True)
    with model_path(models_dir).open("wb") as file:
        file.truncate(SMOLLM2.gguf_bytes)


async def serve(request: RawRequest, reply: RawReply) -> None:
    """A small endpoint that lists one model and answers."""
    if request.method == "GET":
        await reply.json({"data": [{"id": "qwen", "owned_by": "vllm"}]})
        return
    await reply.start_stream()
    await reply.delta("Hello")
    await reply.delta(" you", finish_reason="stop")


def settings(tmp_path: Path, *configured: ProviderConfig, **fields: Any) -> ProviderSettings:
    """Settings that see nothing but what they are told."""
    return ProviderSettings(configured=configured, **{"detect": False, "models_dir": tmp_path, **fields})


@pytest.fixture(autouse=True)
def _patient_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give what is found by looking all the time it needs: half a second is not much on a busy machine."""
    monkeypatch.setattr(loopback_servers, "detect", functools.partial(loopback_servers.detect, timeout=30))


@asynccontextmanager
async def started(
    settings: ProviderSettings, *, signatures: list[Signature] | None = None, interval: float = 0.02
) -> AsyncIterator[ProviderDirectory]:
    """A running directory that looks often."""
    directory = ProviderDirectory(
        settings, signatures=signatures or [], check_interval=interval, probe_interval=interval
    )
    await directory.start()
    try:
        yield directory
    finally:
        await directory.aclose()


def names(directory: ProviderDirectory) -> list[str]:
    """The providers in order."""
    return [status.provider for status in directory.statuses()]


async def read(provider: Provider) -> str:
    """The text of one answer."""
    return "".join([chunk.text async for chunk in provider.generate(REQUEST)])


def failed(provider: str, error: ProviderError) -> GenerationOutcome:
    """A generation of that provider that failed."""
    return GenerationOutcome(provider=provider, duration=1.0, error=error, error_type=error.type)


def vllm_at(port: int) -> list[Signature]:
    """Detection that looks at one port."""
    return [msgspec.structs.replace(item, port=port) for item in SIGNATURES if item.name == "vllm"]


async def test_status_names_the_command_when_there_is_no_provider(tmp_path: Path) -> None:
    """With nothing at all, status and error both say what to run."""
    async with started(settings(tmp_path)) as directory:
        status = directory.current()
        assert status.state == "down"
        assert "conduit-widget model install" in status.reason
        with pytest.raises(ProviderError, match="conduit-widget model install"):
            directory.select()


async def test_model_is_picked_up_when_it_is_installed_meanwhile(tmp_path: Path) -> None:
    """Select finds it at once; otherwise the next look does, and says so once."""
    async with started(settings(tmp_path), interval=60) as directory:
        pretend_installed(tmp_path)
        assert directory.select().name == "local"
    other = tmp_path / "other"
    async with started(settings(other)) as directory:
        changes: list[ProviderStatus] = []
        directory.on_change(changes.append)
        pretend_installed(other)
        await eventually(lambda: directory.current().state == "healthy")
        assert [(status.provider, status.state) for status in changes] == [("local", "healthy")]


async def test_configured_provider_comes_before_the_local_model(tmp_path: Path) -> None:
    """The order is configuration, then the installed model; nobody looks around."""
    pretend_installed(tmp_path)
    config = ProviderConfig(name="house", base_url=f"http://127.0.0.1:{free_port()}/v1", model="m")
    async with RawHttpServer(serve) as server:
        looking = settings(tmp_path, config, detect=True)
        async with started(looking, signatures=vllm_at(server.port)) as directory:
            assert names(directory) == ["house", "local"]
        assert server.requests == []


async def test_detected_server_comes_before_the_local_model(tmp_path: Path) -> None:
    """A server on loopback is used, with the model it lists."""
    pretend_installed(tmp_path)
    async with (
        RawHttpServer(serve) as server,
        started(settings(tmp_path, detect=True), signatures=vllm_at(server.port)) as directory,
    ):
        assert names(directory) == ["vllm", "local"]
        assert (directory.current().state, directory.current().models) == ("healthy", ["qwen"])
        assert await read(directory.select()) == "Hello you"
        assert server.requests[-1].json["model"] == "qwen"


async def test_local_is_forced_when_it_is_preferred(tmp_path: Path) -> None:
    """CONDUIT_PROVIDER=local uses nothing else, whatever is configured."""
    pretend_installed(tmp_path)
    config = ProviderConfig(name="house", base_url="http://127.0.0.1:9/v1")
    async with started(settings(tmp_path, config, preferred="local")) as directory:
        assert names(directory) == ["local"]


async def test_preferred_provider_answers_by_default(tmp_path: Path) -> None:
    """A name in CONDUIT_PROVIDER moves that provider to the front."""
    configs = [ProviderConfig(name=name, base_url="http://127.0.0.1:9/v1") for name in ("a", "b")]
    async with started(settings(tmp_path, *configs, preferred="b"), interval=60) as directory:
        assert names(directory) == ["b", "a"]


async def test_name_and_model_choose_the_provider(tmp_path: Path) -> None:
    """By name, by a model only one of them lists, or a line that says what there is."""
    pretend_installed(tmp_path)
    async with RawHttpServer(serve) as server:
        config = ProviderConfig(name="house", base_url=server.base_url, model="big")
        async with started(settings(tmp_path, config)) as directory:
            await eventually(lambda: directory.current().models)
            assert directory.select("local").name == "local"
            assert directory.select(None, "SmolLM2-135M-Instruct").name == "local"
            assert directory.select(None, "qwen").name == "house"
            with pytest.raises(ProviderError, match=r"no provider 'nope'.*house, local"):
                directory.select("nope")
            for failover in (None, True):
                with pytest.raises(ProviderError, match="no model 'gpt-5'"):
                    directory.select("local", "gpt-5", failover=failover)


async def test_missing_key_is_named_before_anything_is_sent(tmp_path: Path) -> None:
    """A configured key variable that is unset is a status and an error, not a 401."""
    async with RawHttpServer(serve) as server:
        config = ProviderConfig(
            name="house", base_url=server.base_url, key_variable="HOUSE_KEY", key_needed=True
        )
        async with started(settings(tmp_path, config)) as directory:
            assert directory.current().state == "down"
            assert "HOUSE_KEY" in directory.current().reason
            with pytest.raises(ProviderError, match="Set HOUSE_KEY"):
                directory.select()
        assert server.requests == []


async def test_refused_key_shows_as_down_without_a_question(tmp_path: Path) -> None:
    """The first look at a configured endpoint tells a bad key before anybody asks."""

    async def refuse(_request: RawRequest, reply: RawReply) -> None:
        await reply.json({"error": {"message": "bad key sk-mine"}}, status=401)

    async with RawHttpServer(refuse) as server:
        config = ProviderConfig(name="house", base_url=server.base_url, api_key=Secret("sk-mine"))
        async with started(settings(tmp_path, config)) as directory:
            await eventually(lambda: directory.current().state == "down")
            assert "sk-mine" not in directory.current().reason


async def test_traffic_moves_the_status_and_is_announced(tmp_path: Path) -> None:
    """A failed answer degrades, a good one heals; the same state twice is announced once."""
    bad = failed("house", ProviderError("busy", type="server_error", code="overloaded"))
    good = GenerationOutcome(provider="house", duration=1.0, time_to_first_token=0.5)
    async with RawHttpServer(serve) as server:
        config = ProviderConfig(name="house", base_url=server.base_url, model="m")
        async with started(settings(tmp_path, config), interval=60) as directory:
            await eventually(lambda: directory.current().state == "healthy")
            changes: list[str] = []
            unsubscribe = directory.on_change(lambda status: changes.append(status.state))
            for outcome in (bad, bad, good, good):
                directory.record(outcome)
            directory.record(msgspec.structs.replace(bad, provider="one that is gone"))
            assert changes == ["degraded", "healthy"]
            assert directory.current().latency.ttft_p50 == 500.0
            unsubscribe()
            directory.record(bad)
            assert changes == ["degraded", "healthy"]


async def test_down_provider_heals_when_it_comes_back(tmp_path: Path) -> None:
    """Nobody has to ask for the status to become right again."""
    port = free_port()
    config = ProviderConfig(name="house", base_url=f"http://127.0.0.1:{port}/v1", model="m")
    async with started(settings(tmp_path, config)) as directory:
        await eventually(lambda: directory.current().state == "down")
        async with RawHttpServer(serve, port=port):
            await eventually(lambda: directory.current().state == "healthy")


async def test_detected_server_is_forgotten_when_it_is_gone(tmp_path: Path) -> None:
    """A server that was only found by looking makes way for the installed model."""
    pretend_installed(tmp_path)
    async with RawHttpServer(serve) as server:
        looking = settings(tmp_path, detect=True)
        signatures = vllm_at(server.port)
        stack = started(looking, signatures=signatures)
        directory = await stack.__aenter__()
        assert names(directory) == ["vllm", "local"]
    with pytest.raises(ProviderError) as caught:
        await read(directory.select(failover=False))
    directory.record(failed("vllm", caught.value))
    await eventually(lambda: names(directory) == ["local"])
    await stack.__aexit__(None, None, None)


async def test_missing_engine_is_named_with_its_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model without llama.cpp says which command brings it, and recovers once it is there."""
    pretend_installed(tmp_path)
    present = False
    monkeypatch.setattr(model, "engine_installed", lambda: present)
    async with started(settings(tmp_path)) as directory:
        assert directory.current().state == "down"
        assert "pip install 'conduit_widget[local]'" in directory.current().reason
        present = True
        await eventually(lambda: directory.current().state == "healthy")


async def test_listener_that_fails_does_not_stop_the_others(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A broken callback is logged; the next one still hears."""
    heard: list[str] = []

    def broken(_status: ProviderStatus) -> None:
        raise RuntimeError("bug")

    async with started(settings(tmp_path)) as directory:
        directory.on_change(broken)
        directory.on_change(lambda status: heard.append(status.state))
        pretend_installed(tmp_path)
        directory.select()
        assert heard == ["healthy"]
    assert "A listener for provider changes failed." in caplog.text


async def test_kinds_of_other_packages_answer_and_a_broken_one_keeps_nobody_else_from_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A broken package costs one line in the log and is a provider that is down, with the reason."""
    monkeypatch.setattr(sys, "path", [foreign_provider.install(tmp_path / "site"), *sys.path])
    broken = ProviderConfig(name="broken", kind=foreign_provider.BROKEN_KIND)
    polly = ProviderConfig(name="polly", kind=foreign_provider.KIND, options={"words": "Hello you"})
    async with started(settings(tmp_path, broken, polly)) as directory:
        await eventually(lambda: directory.statuses()[1].state == "healthy")
        assert await read(directory.select(None, "polly")) == "Hello you "
        assert directory.current().state == "down"
        assert "'gone' cannot be used" in directory.current().reason
        with pytest.raises(ProviderError, match="'gone' cannot be used"):
            directory.select("broken")
    assert len([record for record in caplog.records if "gone" in record.getMessage()]) == 1


async def test_reload_keeps_what_is_configured_as_before_and_announces_the_rest(tmp_path: Path) -> None:
    """Health is not lost by a change elsewhere; what vanishes is announced as disabled, without models."""
    async with RawHttpServer(serve) as server:
        kept = ProviderConfig(name="kept", base_url=server.base_url)
        gone = ProviderConfig(name="gone", base_url=server.base_url)
        async with started(settings(tmp_path, kept, gone), interval=60) as directory:
            await eventually(lambda: all(status.models for status in directory.statuses()))
            before = directory.select("kept")
            changes: list[ProviderStatus] = []
            directory.on_change(changes.append)
            new = ProviderConfig(name="new", base_url=server.base_url, priority=1)
            await directory.reload(settings(tmp_path, kept, new))
            assert names(directory) == ["new", "kept"]
            assert directory.select("kept") is before
            assert directory.statuses()[1].state == "healthy"
            await eventually(lambda: directory.current().state == "healthy")
            told = [(status.provider, status.state, status.models) for status in changes]
            assert told == [("new", "unknown", []), ("gone", "disabled", []), ("new", "healthy", ["qwen"])]
            with pytest.raises(ProviderError, match="no provider 'gone'"):
                directory.select("gone")


async def test_reload_of_another_key_asks_with_it(tmp_path: Path) -> None:
    """A provider whose key was refused is asked with the new one at once; an old key still never shows."""

    async def guarded(request: RawRequest, reply: RawReply) -> None:
        if request.headers.get("authorization") != "Bearer sk-right-key":
            await reply.json({"error": {"message": "no"}}, status=401)
        else:
            await reply.json({"data": [{"id": "qwen"}, {"id": "sk-right-key"}, {"id": "sk-wrong-key"}]})

    async with RawHttpServer(guarded) as server:
        wrong = ProviderConfig(name="house", base_url=server.base_url, api_key=Secret("sk-wrong-key"))
        right = msgspec.structs.replace(wrong, api_key=Secret("sk-right-key"))
        async with started(settings(tmp_path, wrong), interval=60) as directory:
            await eventually(lambda: directory.current().state == "down")
            await directory.reload(settings(tmp_path, right))
            await eventually(lambda: directory.current().models == ["qwen"])


async def test_provider_that_vanishes_closes_when_its_answer_is_done(tmp_path: Path) -> None:
    """Neither sooner nor later: the server sees the connection go."""
    gate = asyncio.Event()

    async def slow(request: RawRequest, reply: RawReply) -> None:
        await reply.raw(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
        await reply.delta("Hello")
        await gate.wait()
        await reply.delta(" you", finish_reason="stop")
        await request.closed.wait()

    async with RawHttpServer(slow) as server:
        house = ProviderConfig(name="house", base_url=server.base_url, model="m")
        directory = ProviderDirectory(
            settings(tmp_path, house), signatures=[], check_interval=60, probe_interval=60, retire_grace=0.01
        )
        await directory.start()
        provider = directory.select()
        answer = provider.generate(REQUEST)
        assert (await anext(answer)).text == "Hello"
        await directory.reload(settings(tmp_path))
        assert names(directory) == ["local"]
        gate.set()
        assert (await anext(answer)).text == " you"
        await answer.aclose()
        await eventually(server.requests[-1].closed.is_set)

        async def is_closed() -> bool:
            try:
                await provider.models()
            except ProviderError as error:
                return error.code == failures.closed("house").code
            return False

        await eventually(is_closed)
        await directory.aclose()


@pytest.mark.parametrize("has_list", [True, False])
async def test_configured_models_are_the_ones_offered(tmp_path: Path, has_list: bool) -> None:
    """Whatever the server lists, or if it lists nothing; another one is refused before it is asked for."""

    async def listing(_request: RawRequest, reply: RawReply) -> None:
        await reply.json({"data": [{"id": "qwen"}, {"id": "embed"}]}, status=200 if has_list else 404)

    async with RawHttpServer(listing) as server:
        config = ProviderConfig(name="house", base_url=server.base_url, models=("big", "small"))
        async with started(settings(tmp_path, config), interval=60) as directory:
            await eventually(lambda: directory.current().state == "healthy")
            assert directory.current().models == ["big", "small"]
            with pytest.raises(ProviderError, match="no model 'qwen'"):
                directory.select("house", "qwen")


async def test_kind_that_cannot_say_whether_it_goes_on_costs_its_provider_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the start and when settings are read anew: the others are there, and it says what is wrong."""

    def fail(_config: ProviderConfig) -> bool:
        raise RuntimeError("sk-private")

    load = kinds.load
    broken = ProviderKind(build=load("openai").build, prefills=fail)
    monkeypatch.setattr(kinds, "load", lambda kind: broken if kind == "odd" else load(kind))
    odd = ProviderConfig(name="odd", kind="odd")
    good = ProviderConfig(name="good", base_url="http://127.0.0.1:9/v1")
    for at_once in (True, False):
        async with started(settings(tmp_path, *([odd, good] if at_once else [good]))) as directory:
            await directory.reload(settings(tmp_path, odd, good))
            assert names(directory) == ["odd", "good"]
            assert directory.statuses()[0].reason.startswith("odd cannot be made by its kind 'odd'")
            assert "sk-private" not in directory.statuses()[0].reason
            assert directory.select().name == "good"


async def test_note_of_a_package_is_a_plain_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it says; everybody reads it."""
    contexts: list[Any] = []
    load = kinds.load

    def build(config: ProviderConfig, context: kinds.ProviderContext) -> Provider:
        contexts.append(context)
        return load("openai").build(config, context)

    monkeypatch.setattr(kinds, "load", lambda _kind: ProviderKind(build=build))
    async with started(
        settings(tmp_path, ProviderConfig(name="a", base_url="http://127.0.0.1:9/v1"))
    ) as directory:
        for note, shown in (
            (5, ""),
            (None, ""),
            ("Loading\x1b[31m\u202e\n" + "x" * 500, "Loading[31m " + "x" * 188),
        ):
            contexts[0].on_note(note)
            assert directory._entries["a"].health.standing_reason == shown


async def test_names_that_no_provider_has_are_told_with_those_there_are(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """In a message, and as the one to be asked first: each time one line that names every provider once."""
    async with RawHttpServer(serve) as server:
        configs = [ProviderConfig(name=name, kind="openai", base_url=server.base_url) for name in "ab"]
        directory = ProviderDirectory(settings(tmp_path, *configs, preferred="c"))
        await directory.start()
        try:
            with pytest.raises(ProviderError) as caught:
                directory.select("d")
            assert str(caught.value) == "There is no provider 'd'. Choose one of: a, b."
            assert caught.value.suggestions == ()
            problem = "CONDUIT_PROVIDER: there is no provider 'c'. Choose one of: a, b."
            assert directory.explain(ProviderQuestion()).settings_problem == problem
            assert problem in caplog.text
            await directory.reload(settings(tmp_path, *configs, preferred="b"))
            assert directory.explain(ProviderQuestion()).settings_problem is None
        finally:
            await directory.aclose()
