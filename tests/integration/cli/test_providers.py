"""``conduit-widget providers``: of a running hub and of the configuration, in text and as JSON."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from conduit_widget.chat.status_hub import UNUSABLE_SETTINGS
from conduit_widget.chat_client import StatusHubClient
from conduit_widget.client import HubConnection
from conduit_widget.contract import STATUS_HUB_PATH
from conduit_widget.types import ProviderQuestion
from tests.support.chat.server import FAST, chat_server
from tests.support.hub.live_hub import LiveHub
from tests.support.hub.server import token, token_with
from tests.support.network.raw_http_server import RawHttpServer, RawReply, RawRequest
from tests.support.providers.local_model import second_model
from tests.support.waiting import eventually

ENVIRONMENT = {"CONDUIT_DETECT": "0", "CONDUIT_PROVIDER": "", "HOUSE_KEY": "sk-secret-key"}
CONFIG = """
[[providers]]
name = "house"
base_url = "{url}"
api_key_env = "HOUSE_KEY"
priority = 2
capabilities = {{ vision = false }}

[[providers]]
name = "cloud"
base_url = "https://llm.example/v1"
api_key_env = "CLOUD_KEY_THAT_IS_UNSET"
"""


async def answer(request: RawRequest, reply: RawReply) -> None:
    """List a model, say a word."""
    if request.method == "GET":
        await reply.json({"data": [{"id": "big"}]})
    elif request.method == "HEAD":
        await reply.json({})
    else:
        await reply.start_stream()
        await reply.delta("Hel")
        await reply.delta("lo", finish_reason="stop")


async def run(data_dir: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command; no key may be in what it says."""
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "conduit_widget", "providers", *arguments, "--data-dir", str(data_dir)],
        env={**os.environ, **ENVIRONMENT, "CONDUIT_MODELS_DIR": str(data_dir / "none"), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "sk-secret-key" not in done.stdout + done.stderr
    return done


async def test_without_a_hub_the_configuration_is_shown_and_said_to_be(tmp_path: Path) -> None:
    """Each provider with kind, state, breaker and model; what is wrong stands beside it."""
    async with RawHttpServer(answer) as server:
        (tmp_path / "config.toml").write_text(CONFIG.format(url=server.base_url))
        done = await run(tmp_path)
        assert done.returncode == 0, done.stderr
        first, head, house, cloud = done.stdout.splitlines()
        assert first == "Providers (no hub runs; from the configuration)"
        assert head.split()[:4] == ["provider", "kind", "state", "breaker"]
        assert house.split()[:4] == ["house", "openai", "healthy", "closed"]
        assert house.split()[-1] == "big"
        assert "Set CLOUD_KEY_THAT_IS_UNSET and start the hub again." in cloud
        explained = await run(tmp_path, "explain")
        assert "-> house (big): It is the first that can answer." in explained.stdout
        assert "cloud: cloud needs a key." in explained.stdout
        blind = await run(tmp_path, "explain", "--vision", "--json")
        told = json.loads(blind.stdout)
        assert (told["source"], told["explanation"]["provider"]) == ("configuration", "house")
        reason = told["explanation"]["providers"][0]["reason"]
        assert reason == "No other is left. Its models do not read images."
        nobody = await run(tmp_path, "explain", "--provider", "cloud")
        assert nobody.returncode == 1
        assert "Nobody would answer" in nobody.stdout


async def test_running_hub_is_asked_and_a_file_it_cannot_use_is_named(tmp_path: Path) -> None:
    """What the hub says counts, not what a new one would do; a wrong file stands above the table."""
    async with RawHttpServer(answer) as server:
        config = tmp_path / "config.toml"
        config.write_text(CONFIG.format(url=server.base_url))
        environment = {**ENVIRONMENT, "CONDUIT_MODELS_DIR": str(tmp_path / "none")}
        hub = await asyncio.to_thread(LiveHub(tmp_path, environment).start)
        try:
            done = await run(tmp_path, "--json")
            told = json.loads(done.stdout)
            assert told["source"] == hub.url
            assert [status["provider"] for status in told["statuses"]] == ["house", "cloud"]
            assert told["explanation"]["settingsProblem"] is None
            config.write_text("[failover]\nattempts = 99\n")
            hub.process.send_signal(signal.SIGHUP)
            await eventually(lambda: "stays in use" in hub.log)
            listed = (await run(tmp_path)).stdout.splitlines()
            assert listed[0] == f"Providers ({hub.url})"
            assert listed[1] == (
                f"Not in use: Cannot use {config}: failover.attempts must be a whole number from 1 to 10."
                " Correct the file."
            )
            assert listed[3].split()[0] == "house"
            assert "-> house (big): " in (await run(tmp_path, "explain")).stdout
            config.write_text(CONFIG.format(url=server.base_url))
            tested = (await run(tmp_path, "test", "house")).stdout.splitlines()
            assert tested[0].endswith("; not through the running hub, whose may differ.")
        finally:
            await asyncio.to_thread(hub.stop)


async def test_one_word_shows_the_four_clocks_and_their_limits(tmp_path: Path) -> None:
    """What was said, how long each clock ran, and what it may; an error is one line and exit code 1."""
    async with RawHttpServer(answer) as server:
        (tmp_path / "config.toml").write_text(CONFIG.format(url=server.base_url))
        done = await run(tmp_path, "test", "house", CONDUIT_PROVIDER_TIMEOUTS_IDLE="17")
        assert done.returncode == 0, done.stderr
        source, *lines = done.stdout.splitlines()
        assert source == f"Asked with {tmp_path / 'config.toml'} and this shell's variables."
        assert lines[0] == f"house (openai, {server.base_url.removesuffix('/v1')})"
        assert lines[1] == "scripted says 'Hello'"
        limits = [(line.split("  ")[0], line.split("  ")[-1].strip()) for line in lines[3:]]
        assert limits == [
            ("connect", "5 s"),
            ("first token", "300 s"),
            ("idle", "17 s"),
            ("answer", "1200 s"),
        ]
        told = json.loads((await run(tmp_path, "test", "house", "--json")).stdout)
        assert told["source"] == "configuration"
        assert all(clock["seconds"] is not None for clock in told["clocks"])
        assert "authorization" not in next(r for r in server.requests if r.method == "HEAD").headers
        keyless = await run(tmp_path, "test", "cloud")
        assert keyless.returncode == 1
        assert "Set CLOUD_KEY_THAT_IS_UNSET" in keyless.stderr
        unknown = await run(tmp_path, "test", "nobody")
        assert unknown.returncode == 2
        assert "house, cloud" in unknown.stderr


async def test_name_that_no_provider_has_is_one_line_with_those_there_are(tmp_path: Path) -> None:
    """CONDUIT_PROVIDER with a slip of the pen: the list says so, and the first still answers."""
    async with RawHttpServer(answer) as server:
        (tmp_path / "config.toml").write_text(CONFIG.format(url=server.base_url))
        done = await run(tmp_path, CONDUIT_PROVIDER="huose")
        assert done.stdout.splitlines()[1] == (
            "Not in use: CONDUIT_PROVIDER: there is no provider 'huose'. Choose one of: house, cloud."
        )
        assert "-> house (big): " in (await run(tmp_path, "explain", CONDUIT_PROVIDER="huose")).stdout


async def test_local_model_is_listed_by_its_name(tmp_path: Path) -> None:
    """A path in the configuration is long, and says no more than the name."""
    path = second_model(tmp_path)
    (tmp_path / "config.toml").write_text(f'[[providers]]\nname = "far"\nkind = "local"\nmodel = "{path}"\n')
    listed = (await run(tmp_path)).stdout
    assert "Second-135M" in listed
    assert str(path) not in listed
    assert "-> far (Second-135M): " in (await run(tmp_path, "explain")).stdout


async def test_wrong_configuration_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    """File, table, field and remedy."""
    (tmp_path / "config.toml").write_text("[[providers]]\nname = 'x'\nurl = 'https://x'\n")
    done = await run(tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"conduit-widget: Cannot use {tmp_path / 'config.toml'}: providers[0].url: there is no such field;"
        " the nearest is base_url. Correct the file.\n"
    )


async def test_what_is_wrong_with_a_sites_files_is_for_operators(tmp_path: Path) -> None:
    """It names folders: others read that something is wrong; on their own hub everybody reads all."""
    wrong = "Cannot use /srv/hub/config.toml: providers[0].name is missing."
    for settings, user, expected in (
        (FAST, token("eve"), UNUSABLE_SETTINGS),
        (FAST, token_with("olga", roles=["operator"]), wrong),
        (dataclasses.replace(FAST, tells_settings=True), token("ann"), wrong),
    ):
        async with chat_server(tmp_path / "h.db", settings=settings) as server:
            server.directory.settings_problem = wrong
            connection = HubConnection(server.url + STATUS_HUB_PATH, access_token=user, retry=None)
            async with connection:
                told = await StatusHubClient(connection).explain_providers(ProviderQuestion())
            assert told.settings_problem == expected
