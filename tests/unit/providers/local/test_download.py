"""Fetching a model's file over a network that breaks off."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from conduit_widget.back_off import BackOff
from conduit_widget.errors import ModelInstallError
from conduit_widget.providers.local import download
from tests.support.network.file_server import FileServer
from tests.support.providers.gguf import gguf

DATA = gguf(weights=64 * 1024)


async def fetch(server: FileServer, part: Path) -> list[tuple[int, int | None]]:
    """Fetch without waiting between attempts; return the progress."""
    seen: list[tuple[int, int | None]] = []
    await download.download(
        server.url, part, lambda done, total: seen.append((done, total)), pauses=BackOff(0, 0)
    )
    return seen


def files(directory: Path) -> list[str]:
    """What is there."""
    return sorted(path.name for path in directory.iterdir())


async def test_file_comes_whole_with_progress(tmp_path: Path) -> None:
    """Byte for byte; the progress begins at nought and ends at the whole; no mark stays."""
    async with FileServer(DATA) as server:
        seen = await fetch(server, tmp_path / "p")
    assert (tmp_path / "p").read_bytes() == DATA
    assert (seen[0], seen[-1]) == ((0, len(DATA)), (len(DATA), len(DATA)))
    assert files(tmp_path) == ["p"]


async def test_download_goes_on_where_it_broke_off(tmp_path: Path) -> None:
    """Each cut costs one more request, for the rest only."""
    async with FileServer(DATA) as server:
        server.cuts = [1000, 2000]
        await fetch(server, tmp_path / "p")
        assert server.ranges == [None, "bytes=1000-", "bytes=3000-"]
    assert (tmp_path / "p").read_bytes() == DATA


async def test_next_call_goes_on_too(tmp_path: Path) -> None:
    """What a call left behind is not fetched again by the next, which may be another process."""
    async with FileServer(DATA) as server:
        server.cuts = [1000, *[0] * (download.ATTEMPTS - 1)]
        with pytest.raises(ModelInstallError, match=r"keeps breaking off.*run the command again.*are kept"):
            await fetch(server, tmp_path / "p")
        server.requests.clear()
        await fetch(server, tmp_path / "p")
        assert server.ranges == ["bytes=1000-"]
    assert (tmp_path / "p").read_bytes() == DATA


async def test_parts_of_two_versions_are_never_joined(tmp_path: Path) -> None:
    """When the server's file changed meanwhile, everything is fetched anew."""
    async with FileServer(gguf({"general.name": "Old"}, weights=64 * 1024)) as server:
        server.cuts = [5000, *[0] * (download.ATTEMPTS - 1)]
        with pytest.raises(ModelInstallError):
            await fetch(server, tmp_path / "p")
        server.data, server.etag = DATA, '"2"'
        await fetch(server, tmp_path / "p")
    assert (tmp_path / "p").read_bytes() == DATA


@pytest.mark.parametrize("kind", ["no ranges", "no mark"])
async def test_a_server_that_cannot_go_on_sends_all_again(tmp_path: Path, kind: str) -> None:
    """Without ranges, or without a mark of the version, a cut means a new beginning, never a wrong file."""
    async with FileServer(DATA) as server:
        server.has_ranges = kind != "no ranges"
        server.etag = '"1"' if kind != "no mark" else ""
        server.cuts = [1000]
        await fetch(server, tmp_path / "p")
    assert (tmp_path / "p").read_bytes() == DATA


async def test_part_that_is_longer_than_the_file_is_dropped(tmp_path: Path) -> None:
    """416 means: begin anew."""
    async with FileServer(DATA) as server:
        server.cuts = [1000, *[0] * (download.ATTEMPTS - 1)]
        with pytest.raises(ModelInstallError):
            await fetch(server, tmp_path / "p")
        with (tmp_path / "p").open("ab") as file:
            file.write(b"x" * len(DATA))
        await fetch(server, tmp_path / "p")
    assert (tmp_path / "p").read_bytes() == DATA


async def test_length_may_be_unknown(tmp_path: Path) -> None:
    """The end of the connection is the end of the file then."""
    async with FileServer(DATA) as server:
        server.says_length = False
        assert (await fetch(server, tmp_path / "p"))[-1] == (len(DATA), None)
    assert (tmp_path / "p").read_bytes() == DATA


async def test_server_that_is_busy_is_asked_again(tmp_path: Path) -> None:
    """429 and 503 are no refusals."""
    async with FileServer(DATA) as server:
        server.statuses = [503, 429]
        await fetch(server, tmp_path / "p")
    assert (tmp_path / "p").read_bytes() == DATA


@pytest.mark.parametrize(
    ("status", "words"),
    [(404, r"no model at this URL \(HTTP 404\)"), (401, "login.*browser"), (403, "login")],
)
async def test_refusal_is_one_line_at_once(tmp_path: Path, status: int, words: str) -> None:
    """What will not change is not tried again."""
    async with FileServer(DATA) as server:
        server.statuses = [status]
        with pytest.raises(ModelInstallError, match=words):
            await fetch(server, tmp_path / "p")
        assert len(server.requests) == 1


async def test_redirects_are_followed_but_never_to_plain_http(tmp_path: Path) -> None:
    """A way that leads to another host without TLS, or round in a circle, is not taken."""
    async with FileServer(DATA) as server:
        path = "/files/tiny.gguf"
        server.redirects = {path: "/real?signature=s"}
        await fetch(server, tmp_path / "p")
        assert (tmp_path / "p").read_bytes() == DATA
        server.redirects = {path: "http://192.0.2.1/x.gguf"}
        with pytest.raises(ModelInstallError, match="must begin with https"):
            await fetch(server, tmp_path / "q")
        server.redirects = {path: path}
        with pytest.raises(ModelInstallError, match="from address to address"):
            await fetch(server, tmp_path / "q")


async def test_a_page_is_not_fetched_for_a_model(tmp_path: Path) -> None:
    """The first bytes tell; nothing of it stays."""
    async with FileServer(b"<!doctype html>" * 1000) as server:
        with pytest.raises(ModelInstallError, match="something else than a GGUF file"):
            await fetch(server, tmp_path / "p")


async def test_space_is_looked_at_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line says how much is missing where."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=10))
    async with FileServer(DATA) as server:
        with pytest.raises(ModelInstallError, match="Free space or set CONDUIT_MODELS_DIR"):
            await fetch(server, tmp_path / "p")
    assert files(tmp_path) == []


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://example.org/m.gguf", "must begin with https"),
        ("ftp://example.org/m.gguf", "must begin with https"),
        ("https:///m.gguf", "name a host"),
        ("https://[::1/m.gguf", "no address"),
        ("https://u:sekret@example.org/m.gguf", "must not hold a password"),
    ],
)
def test_only_https_is_taken(url: str, words: str) -> None:
    """Nobody on the way may put another file in the model's place; no password reaches a file or a line."""
    with pytest.raises(ModelInstallError, match=words) as caught:
        download.check_url(url)
    assert "sekret" not in str(caught.value)


async def test_a_proxy_that_cannot_work_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable, and what to do; not a word of a hub."""
    monkeypatch.setenv("HTTPS_PROXY", "nonsense://p")
    monkeypatch.delenv("NO_PROXY", raising=False)
    with pytest.raises(ModelInstallError, match=r"HTTPS_PROXY.*run the command again"):
        await download.download("https://example.org/m.gguf", tmp_path / "p", lambda *_: None)


def test_what_is_noted_of_a_url_has_no_secret() -> None:
    """Signatures stand in the query."""
    assert download.without_secrets("https://h:444/a/m.gguf?sig=s#x") == "https://h:444/a/m.gguf"
    assert download.name_in("https://h/a/my%20model.gguf?download=true") == "my model.gguf"
