"""The browser parts: found by the widget's name, read anew after a build, missed with advice."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from conduit_widget.errors import FrontEndMissingError
from conduit_widget.widget.browser import build, front_end as module
from conduit_widget.widget.browser.front_end import front_end


@pytest.fixture(autouse=True)
def static(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder of built files."""
    monkeypatch.setattr(module, "STATIC", tmp_path)
    return tmp_path


def test_a_widget_gets_its_own_files(static: Path) -> None:
    """Two widgets of one bundle have two modules; a style sheet comes along where there is one."""
    (static / "one.js").write_text("one", encoding="utf-8")
    (static / "two.js").write_text("two", encoding="utf-8")
    (static / "two.css").write_text("style", encoding="utf-8")
    assert front_end("one") == {"_esm": "one"}
    assert front_end("two") == {"_esm": "two", "_css": "style"}


def test_a_new_build_is_read_anew(static: Path) -> None:
    """Who rebuilds and creates the widget again sees the new front end, without a restart."""
    built = static / "one.js"
    built.write_text("old", encoding="utf-8")
    assert front_end("one")["_esm"] == "old"
    built.write_text("new", encoding="utf-8")
    os.utime(built, ns=(0, 1))
    assert front_end("one")["_esm"] == "new"


def test_what_was_not_built_is_missed_with_advice() -> None:
    """A checkout without a build says how to make one."""
    with pytest.raises(FrontEndMissingError, match="npm run build"):
        front_end("one")


def test_widget_sends_a_few_bytes_where_the_server_has_the_same_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The module is imported from the page's server; with another build there the widget sends it whole."""
    monkeypatch.setattr(module, "STATIC", tmp_path)
    (tmp_path / "chat.js").write_text("export default {}; // long")
    name = build.hash_of(build.build_parts(tmp_path))
    module._is_served.cache_clear()
    monkeypatch.setenv(build.SERVED_VARIABLE, name)
    sent = front_end("chat")["_esm"]
    assert f"conduit/static/{name}/chat.js" in sent
    assert len(sent) <= 400
    monkeypatch.setenv(build.SERVED_VARIABLE, "0" * len(name))
    assert front_end("chat")["_esm"] == "export default {}; // long"
    module._is_served.cache_clear()
