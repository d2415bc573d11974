"""``conduit-widget model``: the language models of this computer."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import time
from pathlib import Path
from typing import Any, Final

from conduit_widget.cli.arguments import UsageError, say
from conduit_widget.cli.model_context import context_of, context_words, used_tokens
from conduit_widget.errors import ModelInstallError, SettingsError
from conduit_widget.providers.config.settings import ProviderSettings
from conduit_widget.providers.local import download, installation, library
from conduit_widget.providers.local.gguf import GgufHeader
from conduit_widget.providers.local.library import LocalModel
from conduit_widget.providers.models_dir import default_models_dir
from conduit_widget.providers.provider_config import LOCAL_KIND
from conduit_widget.runtime_file import default_data_dir

_CHECKSUMS: Final = {
    "checked": "checked",
    "computed": "noted at installation",
    "changed": "CHANGED since it was installed",
    "unknown": "not computed yet",
}
_REDRAW_AFTER: Final = 0.2


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the actions of ``model``."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    install = actions.add_parser(
        "install", help="fetch a model by its path or https URL; without one, the small default model"
    )
    install.add_argument("source", nargs="?", metavar="PATH_OR_URL", help="a GGUF file")
    install.add_argument("--name", help="what to call it (default: the file's name)")
    install.add_argument("--sha256", help="the checksum that the file must have")
    install.add_argument("--link", action="store_true", help="leave a file where it is, and link to it")
    install.add_argument("--use", action="store_true", help="answer with it from now on")
    install.set_defaults(run=_install)
    listing = actions.add_parser(
        "list", help="show the models: name, size, context, checksum, which is in use"
    )
    listing.add_argument("--verify", action="store_true", help="compute every checksum again")
    listing.add_argument("--json", action="store_true", help="print JSON")
    listing.set_defaults(run=_list)
    use = actions.add_parser("use", help="answer with this model from now on; a running hub takes it, too")
    use.add_argument("name", metavar="NAME")
    use.set_defaults(run=_use)
    remove = actions.add_parser("remove", help="remove a model's file, or what was fetched of it")
    remove.add_argument("name", metavar="NAME")
    remove.add_argument("--force", action="store_true", help="also when it is in use")
    remove.set_defaults(run=_remove)
    path = actions.add_parser("path", help="print where a model's file is (default: the one in use)")
    path.add_argument("name", nargs="?", metavar="NAME")
    path.set_defaults(run=_path)


def _install(arguments: argparse.Namespace) -> int:
    models_dir = default_models_dir()
    try:
        sha256 = None if arguments.sha256 is None else installation.checked_sha256(arguments.sha256)
    except ModelInstallError as error:
        raise UsageError(f"--sha256: {error}") from error
    if arguments.source is None:
        if arguments.name or arguments.link or sha256:
            raise UsageError("--name, --sha256 and --link are for a model of your own: name its path or URL.")
        model = installation.install_small_model(models_dir)
    else:
        model = _install_own(arguments, models_dir, sha256)
    say(f"Installed: {model.name} ({model.path})")
    header = model.header()
    say(f"  {_kind_of(header)}, {context_of(model, header)}, {_size(model.size)}")
    if model.record is not None:
        say(f"  sha256 {model.record.sha256} ({_CHECKSUMS[model.checksum]})")
    if not header.has_chat_template:
        say("  It has no chat template: it may be no model for chats, and answer with nonsense.")
    in_use = library.model_in_use(models_dir)
    # The first model stays the chosen one when others follow.
    if arguments.use or [other.name for other in library.installed_models(models_dir)] == [model.name]:
        library.use(models_dir, model.name)
        say("  It answers from now on.")
    elif in_use is not None and in_use.name != model.name:
        say(f"  To answer with it, run: conduit-widget model use {model.name}")
    return 0


def _install_own(arguments: argparse.Namespace, models_dir: Path, sha256: str | None) -> LocalModel:
    source, progress = arguments.source, _Progress()
    try:
        if "://" not in source:
            return installation.install_file(
                Path(source),
                models_dir,
                progress.show,
                name=arguments.name,
                sha256=sha256,
                link=arguments.link,
            )
        if arguments.link:
            raise UsageError("--link is for a file of this computer, not for a URL.")
        return installation.install_url(source, models_dir, progress.show, name=arguments.name, sha256=sha256)
    except KeyboardInterrupt:
        progress.end()
        if "://" in source:
            say("Stopped. What was fetched is kept: the same command goes on from there.")
        raise
    finally:
        progress.end()


def _list(arguments: argparse.Namespace) -> int:
    models_dir = default_models_dir()
    models = library.installed_models(models_dir)
    troubles: dict[str, str] = {}
    if arguments.verify:
        progress = _Progress()
        for number, model in enumerate(models):
            try:
                models[number] = installation.verify(model, progress.show)
            except ModelInstallError as error:
                troubles[model.name] = str(error)
        progress.end()
    in_use = library.model_in_use(models_dir)
    rows = [_row(model, in_use, models_dir) for model in models]
    if arguments.json:
        print(json.dumps(rows, indent=2))
    elif not rows:
        say(f"No model is installed in {models_dir}. Run: conduit-widget model install")
    else:
        _print_table(rows)
    for part in sorted(models_dir.glob(".*.part")) if models_dir.is_dir() else []:
        say(f"{part.name[1:-5]}: {_size(part.stat().st_size)} fetched, not whole. Install it again to go on.")
    for trouble in troubles.values():
        say(trouble)
    return 1 if troubles else 0


def _row(model: LocalModel, in_use: LocalModel | None, models_dir: Path) -> dict[str, Any]:
    try:
        header, problem = model.header(), ""
    except (ModelInstallError, OSError) as error:
        header, problem = None, str(error)
    return {
        "name": model.name,
        "in_use": in_use is not None and in_use.name == model.name,
        "size": model.size,
        "context": None if header is None else used_tokens(model, header),
        "trained_context": None if header is None else header.context_tokens,
        "architecture": "" if header is None else header.architecture,
        "chat_template": header is not None and header.has_chat_template,
        "checksum": model.checksum,
        "sha256": None if model.record is None else model.record.sha256,
        "path": str(model.path),
        "problem": problem,
    }


def _print_table(rows: list[dict[str, Any]]) -> None:
    cells = [("", "NAME", "SIZE", "CONTEXT", "CHECKSUM")]
    for row in rows:
        context = "?" if row["context"] is None else context_words(row["context"], row["trained_context"])
        mark = "*" if row["in_use"] else ""
        cells.append((mark, row["name"], _size(row["size"]), context, _CHECKSUMS[row["checksum"]]))
    widths = [max(len(line[column]) for line in cells) for column in range(4)]
    remarks = ["", *(_remark(row) for row in rows)]
    for line, remark in zip(cells, remarks, strict=True):
        start = "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=False))
        say(f"{start}  {line[4]}")
        if remark:
            say(f"   {remark}")
    say("* answers by default")
    if any(row["context"] != row["trained_context"] for row in rows):
        say("CONTEXT: the tokens a conversation is kept to; the provider's `context_tokens` sets how many.")


def _remark(row: dict[str, Any]) -> str:
    if row["problem"] or row["chat_template"]:
        return str(row["problem"])
    return "no chat template: it may be no model for chats"


def _use(arguments: argparse.Namespace) -> int:
    model = library.require(default_models_dir(), arguments.name)
    model.header()  # whatever is no model is not taken into use
    library.use(default_models_dir(), model.name)
    say(f"In use: {model.name}. Answers being written finish with the model they began with.")
    return 0


def _remove(arguments: argparse.Namespace) -> int:
    models_dir = default_models_dir()
    part = installation.part_of(models_dir, arguments.name)
    if part.exists():
        download.discard(part)
        say(f"Removed: what was fetched of {arguments.name}")
        return 0
    model = library.require(models_dir, arguments.name)
    if not arguments.force and (user := _user_of(model, models_dir)):
        raise UsageError(
            f"{model.name} is in use ({user}). Choose another first (conduit-widget model use NAME), or add "
            "--force."
        )
    library.remove(models_dir, model.name)
    say(f"Removed: {model.name} ({_size(model.size)})")
    return 0


def _user_of(model: LocalModel, models_dir: Path) -> str:
    """Say who uses a model; empty where nobody does."""
    in_use = library.model_in_use(models_dir)
    if in_use is not None and in_use.name == model.name:
        return "it answers by default"
    with contextlib.suppress(SettingsError):  # the hub will say what is wrong there
        for config in ProviderSettings.load(default_data_dir()).configured:
            if config.kind == LOCAL_KIND and config.model in {model.name, str(model.path)}:
                return f"by the provider {config.name} of config.toml"
    return ""


def _path(arguments: argparse.Namespace) -> int:
    models_dir = default_models_dir()
    if arguments.name is None:
        model = library.model_in_use(models_dir)
        if model is None:
            raise UsageError("The local model is not installed: run conduit-widget model install.")
    else:
        model = library.require(models_dir, arguments.name)
    print(model.path)
    return 0


class _Progress:
    """One line that is drawn again on a terminal; elsewhere a line at each new step."""

    def __init__(self) -> None:
        self._step = ""
        self._began = self._drawn = time.monotonic()
        self._first = 0
        self._is_open = False

    def show(self, step: str, done: int, total: int | None) -> None:
        """Show how far a step is, in bytes."""
        now = time.monotonic()
        if step != self._step:
            self.end()
            self._step, self._began, self._first = step, now, done
            if not sys.stdout.isatty():
                say(f"{step} …", flush=True)
        elif now - self._drawn < _REDRAW_AFTER and done != total:
            return
        self._drawn = now
        if sys.stdout.isatty():
            self._is_open = True
            print(f"\r\x1b[K{step} {self._figures(done, total, now)}", end="", flush=True)

    def end(self) -> None:
        """Leave the line that was drawn last."""
        if self._is_open:
            print()
        self._is_open = False

    def _figures(self, done: int, total: int | None, now: float) -> str:
        rate = (done - self._first) / (now - self._began) if now - self._began > 1 else 0.0
        speed = f", {_size(round(rate))}/s" if rate else ""
        if total is None:
            return f"{_size(done)}{speed}" if done else "…"
        left = f", {round((total - done) / rate)} s left" if rate and done < total else ""
        return f"{100 * done // max(1, total)} % of {_size(total)}{speed}{left}"


def _kind_of(header: GgufHeader) -> str:
    return " ".join(part for part in (header.name, header.parameters, f"({header.architecture})") if part)


def _size(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"
