"""``conduit-widget providers``: which there are, how they are, which would answer, how quick one is."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from conduit_widget.access import local_hub
from conduit_widget.access.hub_access import LocalHub, RemoteHub, resolve_access
from conduit_widget.chat_client.hub_proxies import StatusHubClient
from conduit_widget.cli.arguments import UsageError, say
from conduit_widget.client import HubConnection
from conduit_widget.client.hub_url import origin
from conduit_widget.contract import CHAT_HUB_PATH, STATUS_HUB_PATH
from conduit_widget.errors import ConduitError, HubException
from conduit_widget.providers.config.file import CONFIG_FILE
from conduit_widget.providers.config.settings import ProviderSettings
from conduit_widget.providers.directory import ProviderDirectory
from conduit_widget.providers.discovery.first_word import FirstWord, ask_one_word
from conduit_widget.runtime_file import default_data_dir
from conduit_widget.types import ProviderExplanation, ProviderQuestion, ProviderStatus, Wire

_NOT_ANSWERING: Final = ("down", "disabled")
_LIST: Final = (
    "provider",
    "kind",
    "state",
    "breaker",
    "first token",
    "tokens/s",
    "errors",
    "model",
    "reason",
)


class Report(Wire, frozen=True, kw_only=True, omit_defaults=False):
    """What is known of the providers; ``source`` is the hub's address, or ``configuration``."""

    source: str
    statuses: list[ProviderStatus]
    explanation: ProviderExplanation | None


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the actions of ``providers``."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--data-dir", type=Path, default=argparse.SUPPRESS, help="the hub's data directory")
    common.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON")
    parser.add_argument("--data-dir", type=Path, default=None, help="the hub's data directory")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=_list)
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    test = actions.add_parser("test", parents=[common], help="ask one for a word, and show its four clocks")
    test.add_argument("name", metavar="NAME", help="the provider's name")
    test.set_defaults(run=_test)
    why = actions.add_parser(
        "explain", parents=[common], help="show which would answer a message now, and why not the others"
    )
    why.add_argument("--provider", default=None, metavar="NAME", help="as if the message named this provider")
    why.add_argument("--model", default=None, help="as if the message named this model")
    why.add_argument("--vision", action="store_true", help="as if the message had an image")
    why.set_defaults(run=_explain)


def _list(arguments: argparse.Namespace) -> int:
    """Show every provider; exit 1 where none could answer."""
    report = asyncio.run(_report(arguments.data_dir, ProviderQuestion()))
    if arguments.json:
        _print_json(report)
    else:
        _say_source(report)
        kinds = {one.provider: one for one in report.explanation.providers} if report.explanation else {}
        rows: list[tuple[str, ...]] = [_LIST]
        for status in report.statuses:
            known = kinds.get(status.provider)
            rows.append(_row(status, known.kind if known else "", (known and known.model) or ""))
        _say_table(rows)
    return 0 if any(status.state not in _NOT_ANSWERING for status in report.statuses) else 1


def _explain(arguments: argparse.Namespace) -> int:
    """Show who would answer and why not the others; exit 1 where nobody would."""
    question = ProviderQuestion(
        provider=arguments.provider, model=arguments.model, needs=["vision"] if arguments.vision else []
    )
    report = asyncio.run(_report(arguments.data_dir, question))
    if report.explanation is None:
        raise ConduitError(f"The hub at {report.source} is older than this program and does not explain.")
    if arguments.json:
        _print_json(report)
    else:
        _say_source(report)
        for one in report.explanation.providers:
            model = f" ({_model_name(one.model)})" if one.model else ""
            say(f"{'->' if one.answers else '  '} {one.provider}{model}: {one.reason}")
        if report.explanation.provider is None:
            reasons = [status.reason for status in report.statuses if status.reason]
            say("Nobody would answer." if not reasons else f"Nobody would answer: {reasons[0]}")
    return 0 if report.explanation.provider is not None else 1


def _test(arguments: argparse.Namespace) -> int:
    """Ask a provider of the configuration for a word; exit 1 where it gives none."""
    data_dir = arguments.data_dir or default_data_dir()
    word = asyncio.run(_ask(data_dir, arguments.name))
    if arguments.json:
        print(json.dumps({"source": "configuration", **msgspec.to_builtins(word)}))
        return 0
    beside = "" if local_hub.find(data_dir) is None else "; not through the running hub, whose may differ"
    say(f"Asked with {data_dir / CONFIG_FILE} and this shell's variables{beside}.")
    say(f"{word.provider} ({word.kind}{f', {word.address}' if word.address else ''})")
    say(f"{word.model or 'a model without a name'} says {word.text!r}")
    _say_table(
        [("clock", "took", "limit")]
        + [
            (clock.name, _seconds(clock.seconds), "none" if clock.limit is None else f"{clock.limit:g} s")
            for clock in word.clocks
        ]
    )
    return 0


async def _ask(data_dir: Path, name: str) -> FirstWord:
    settings = ProviderSettings.load(data_dir)
    directory = ProviderDirectory(settings)
    await directory.start()
    try:
        config = directory.config_of(name)
        if config is None:
            known = ", ".join(status.provider for status in directory.statuses())
            raise UsageError(f"There is no provider {name!r} in {data_dir} and the environment: {known}.")
        return await ask_one_word(directory.select(name), config)
    finally:
        await directory.aclose()


async def _report(data_dir: Path | None, question: ProviderQuestion) -> Report:
    """Ask the running hub, or read the configuration where none runs."""
    access = resolve_access()
    if data_dir is not None or not isinstance(access, RemoteHub):
        data_dir = data_dir or default_data_dir()
        if local_hub.find(data_dir) is None:
            return await _of_configuration(data_dir, question)
        access = LocalHub(access.identity, data_dir)
    url = (await access.url()).replace(CHAT_HUB_PATH, STATUS_HUB_PATH)
    async with HubConnection(url, access_token=await access.token(), retry=None) as connection:
        hub = StatusHubClient(connection)
        statuses = await hub.request_provider_status()
        try:
            explanation = await hub.explain_providers(question)
        except HubException:
            explanation = None
    return Report(
        source=origin(url).removesuffix(STATUS_HUB_PATH), statuses=statuses, explanation=explanation
    )


async def _of_configuration(data_dir: Path, question: ProviderQuestion) -> Report:
    """Find the providers that a hub started now would have, and look once how they are."""
    directory = ProviderDirectory(ProviderSettings.load(data_dir))
    await directory.start()
    try:
        await directory.looked()
        return Report(
            source="configuration", statuses=directory.statuses(), explanation=directory.explain(question)
        )
    finally:
        await directory.aclose()


def _row(status: ProviderStatus, kind: str, model: str) -> tuple[str, ...]:
    first, speed = status.latency.ttft_p50, status.latency.tokens_per_second
    until = f" until {status.retry_at}" if status.retry_at else ""
    return (
        status.provider,
        kind or "-",
        f"{status.state}{until}",
        status.breaker,
        "-" if first is None else f"{first:.0f} ms",
        "-" if speed is None else f"{speed:.1f}",
        f"{status.error_rate * 100:.0f} %",
        _model_name(model) or next(iter(status.models), "-"),
        status.reason,
    )


def _model_name(model: str) -> str:
    """Return a model's name, also where it is configured by its path."""
    return Path(model).stem if model.endswith(".gguf") else model


def _say_source(report: Report) -> None:
    where = "no hub runs; from the configuration" if report.source == "configuration" else report.source
    say(f"Providers ({where})")
    if report.explanation is not None and report.explanation.settings_problem:
        say(f"Not in use: {report.explanation.settings_problem}")


def _say_table(rows: Sequence[tuple[str, ...]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f} s"


def _print_json(report: Any) -> None:
    print(json.dumps(msgspec.to_builtins(report)))
