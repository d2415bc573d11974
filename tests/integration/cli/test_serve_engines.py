"""``serve --database-url`` and ``--redis-url``: what is refused, in one line that tells no password."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from conduit_widget.app import HubSettings
from conduit_widget.app.engines import open_engines
from conduit_widget.cli import main
from conduit_widget.cli.serve import DATABASE_VARIABLE, REDIS_VARIABLE
from tests.support.servers.postgres import shared_postgres
from tests.support.servers.redis import RedisServer
from tests.support.waiting import eventually

PASSWORD = "pass-phrase"
DATABASE = f"postgresql://hub:{PASSWORD}@127.0.0.1:1/hub"
REDIS = f"redis://:{PASSWORD}@127.0.0.1:1/0"


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    """A site's signing key."""
    path = tmp_path / "site.key"
    path.write_text("k" * 64, encoding="ascii")
    path.chmod(0o600)
    return path


def refusal(capfd: pytest.CaptureFixture[str], folder: Path, *options: str) -> str:
    """The last line that ``serve`` says before it ends; nothing it says holds the password."""
    assert main(["serve", "--port", "0", "--data-dir", str(folder / "hub"), *options]) in (1, 2)
    out, err = capfd.readouterr()
    assert PASSWORD not in out + err
    assert "Traceback" not in err
    return err.strip().splitlines()[-1]


def test_redis_without_a_shared_database_is_refused(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nodes with a history each would be several hubs, whether the URL is an option or in the environment."""
    assert "--database-url" in refusal(capfd, tmp_path, "--redis-url", REDIS)
    monkeypatch.setenv(REDIS_VARIABLE, REDIS)
    assert "--database-url" in refusal(capfd, tmp_path)


async def test_hubs_on_one_redis_are_kept_apart_by_their_namespaces(tmp_path: Path) -> None:
    """What one hub says does not reach the other; nodes of the same name hear each other."""
    with RedisServer() as redis:
        settings = [
            HubSettings(data_dir=tmp_path, database_url=DATABASE, redis_url=redis.url, redis_namespace=name)
            for name in ("one", "one", "other")
        ]
        buses = [open_engines(item).backplane for item in settings]
        speaker, hearer, stranger = (bus for bus in buses if bus is not None)
        heard: dict[str, list[bytes]] = {"hearer": [], "stranger": []}
        try:
            for name, bus in (("speaker", speaker), ("hearer", hearer), ("stranger", stranger)):
                await bus.start()
                if name in heard:
                    bus.subscribe("c", lambda _node, payload, n=name: heard[n].append(payload))  # type: ignore[misc] # mypy cannot infer lambdas with defaults
                    assert await bus.subscribed("c")
            speaker.publish("c", b"hello")
            await eventually(lambda: heard["hearer"])
            stranger.put("t", "k", b"x")
            assert heard == {"hearer": [b"hello"], "stranger": []}
            assert await hearer.entries("t", "k") == {}
        finally:
            for bus in (speaker, hearer, stranger):
                await bus.aclose()


def test_nodes_without_a_shared_key_are_refused(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token must be good on every node."""
    monkeypatch.setenv(DATABASE_VARIABLE, DATABASE)
    assert "--key-file" in refusal(capfd, tmp_path, "--redis-url", REDIS)


@pytest.mark.parametrize(
    ("option", "url"),
    [
        ("--database-url", f"mysql://hub:{PASSWORD}@127.0.0.1:1/hub"),
        ("--database-url", f"{PASSWORD}"),
        ("--redis-url", f"http://:{PASSWORD}@127.0.0.1:1/0"),
        ("--redis-url", f"redis://:{PASSWORD}@127.0.0.1:port/0"),
    ],
)
def test_url_that_cannot_be_used_is_named_by_its_option(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, key_file: Path, option: str, url: str
) -> None:
    """The line says which option is wrong and how it should look."""
    options = {"--database-url": DATABASE, "--redis-url": REDIS, "--key-file": str(key_file), option: url}
    line = refusal(capfd, tmp_path, *(part for item in options.items() for part in item))
    assert line.startswith(f"conduit-widget: {option}: ")
    assert "://" in line


def test_database_that_refuses_is_told_in_one_line(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Where it is and why, not with what password."""
    address = shared_postgres().url().rpartition("@")[2]
    line = refusal(capfd, tmp_path, "--database-url", f"postgresql://conduit:{PASSWORD}@{address}")
    assert address.partition("/")[0] in line
    assert "password authentication failed" in line


@pytest.mark.parametrize(("package", "option"), [("psycopg", "--database-url"), ("redis", "--redis-url")])
def test_missing_extra_is_named(tmp_path: Path, key_file: Path, package: str, option: str) -> None:
    """One line says what to install."""
    serve = ["serve", "--port", "0", "--data-dir", str(tmp_path / "hub"), "--key-file", str(key_file)]
    program = (
        f"import sys; sys.modules[{package!r}] = None; from conduit_widget.cli import main;"
        f" sys.exit(main({[*serve, '--database-url', DATABASE, '--redis-url', REDIS]!r}))"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    assert line.startswith(f"conduit-widget: {option}: ")
    assert "conduit_widget[cluster]" in line


def test_settings_do_not_show_urls(tmp_path: Path) -> None:
    """A log that holds them holds no password."""
    assert PASSWORD not in repr(HubSettings(data_dir=tmp_path, database_url=DATABASE, redis_url=REDIS))
