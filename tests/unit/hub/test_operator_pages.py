"""The dashboard's routes: three files with strict headers, nothing else, and no figures in them."""

from __future__ import annotations

import re
from pathlib import Path

import httpx2
import pytest

from conduit_widget.hub.app import HubApp
from conduit_widget.hub.operator_pages import dashboard_routes
from tests.support.hub.echo_hub import EchoHub
from tests.support.hub.server import authority, running

SOURCE = Path(__file__).resolve().parents[3] / "js" / "src" / "dashboard" / "dashboard.html"
FILES = {
    "/dashboard": ("dashboard.html", "text/html; charset=utf-8"),
    "/dashboard.js": ("dashboard.js", "text/javascript; charset=utf-8"),
    "/dashboard.css": ("dashboard.css", "text/css; charset=utf-8"),
}


@pytest.fixture
def static(tmp_path: Path) -> Path:
    """What a build leaves."""
    folder = tmp_path / "static"
    folder.mkdir()
    for name, _ in FILES.values():
        (folder / name).write_text(f"this is {name}", encoding="utf-8")
    (folder / "chat.js").write_text("not for the hub", encoding="utf-8")
    (tmp_path / "hub.key").write_text("secret", encoding="utf-8")
    return folder


async def _asked(static: Path, path: str, method: str = "GET", **headers: str) -> httpx2.Response:
    app = HubApp({}, authenticator=authority(), routes=dashboard_routes(static))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://127.0.0.1") as http:
        return await http.request(method, path, headers=headers)


@pytest.mark.parametrize(("path", "name", "content_type"), [(path, *file) for path, file in FILES.items()])
async def test_file_comes_with_strict_headers(static: Path, path: str, name: str, content_type: str) -> None:
    """Its own script and style only, nobody's frame, no sniffing, no referrer; caches ask each time."""
    response = await _asked(static, path)
    assert (response.status_code, response.text, response.headers["content-type"]) == (
        200,
        f"this is {name}",
        content_type,
    )
    policy = dict(
        part.strip().partition(" ")[::2] for part in response.headers["content-security-policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert {policy[name] for name in ("script-src", "style-src", "connect-src")} == {"'self'"}
    assert {policy[name] for name in ("base-uri", "form-action", "frame-ancestors")} == {"'none'"}
    assert "unsafe" not in response.headers["content-security-policy"]
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["referrer-policy"] == "no-referrer"
    assert response.headers["cache-control"] == "no-cache"


async def test_known_version_is_not_sent_again_until_it_changes(static: Path) -> None:
    """A matching ETag gets 304 without a body; another build gets the new file."""
    path = "/dashboard.js"
    etag = (await _asked(static, path)).headers["etag"]
    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        again = await _asked(static, path, **{"if-none-match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    assert (await _asked(static, path, **{"if-none-match": '"other"'})).status_code == 200
    (static / "dashboard.js").write_text("another build", encoding="utf-8")
    fresh = await _asked(static, path, **{"if-none-match": etag})
    assert (fresh.status_code, fresh.content) == (200, b"another build")


async def test_says_what_to_do_when_not_built_and_refuses_other_methods(static: Path) -> None:
    """404 names the build's command; POST is 405."""
    assert (await _asked(static, "/dashboard", "POST")).status_code == 405
    (static / "dashboard.html").unlink()
    missing = await _asked(static, "/dashboard")
    assert missing.status_code == 404
    assert "npm run build" in missing.text


def test_page_has_nothing_inline_and_nothing_from_elsewhere() -> None:
    """What the policy would forbid is not there: inline scripts, styles or handlers, foreign addresses."""
    page = SOURCE.read_text(encoding="utf-8")
    assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=|javascript:", page)
    assert not re.search(r"(?:src|href|action)=[\"'](?:https?:)?//", page)


async def test_page_is_open_while_the_metrics_want_an_operator() -> None:
    """The page holds no data: no key is asked for it; the Host is checked, and no path leads out."""
    app = HubApp({"/hubs/echo": EchoHub()}, authenticator=authority(), operators_only=True)
    async with running(app) as url, httpx2.AsyncClient(base_url=url, trust_env=False) as http:
        page = await http.get("/dashboard")
        assert page.status_code in {200, 404}, "404 where it is not built"
        assert (await http.get("/metrics")).status_code == 401
        foreign = await http.get("/dashboard", headers={"Host": "evil.example"})
        assert foreign.status_code == 400
        if page.status_code == 200:
            again = await http.get("/dashboard", headers={"If-None-Match": page.headers["etag"]})
            assert (again.status_code, again.content) == (304, b"")
            assert "content-length" not in again.headers
        for path in ("/dashboard/../hub.key", "/dashboard/%2e%2e/hub.key", "/dashboard.json", "/dashboard/"):
            assert (await http.get(path)).status_code == 404
