"""The conversation of a chat that names none."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from conduit_widget.widget import own_conversation as module
from conduit_widget.widget.own_conversation import ELSEWHERE, SESSION_VARIABLE, own_conversation


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> SimpleNamespace:
    """A kernel's shell."""
    monkeypatch.setenv("CONDUIT_DATA_DIR", str(tmp_path))
    monkeypatch.delenv(SESSION_VARIABLE, raising=False)
    application = SimpleNamespace(connection_file="/run/kernel-0b5c.json")
    shell = SimpleNamespace(kernel=SimpleNamespace(parent=application), user_ns={})
    monkeypatch.setattr(module, "get_shell", lambda: shell)
    return shell


def test_notebook_has_its_own(shell: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the Jupyter server names it, and VS Code; every call says the same."""
    monkeypatch.setenv(SESSION_VARIABLE, "/work/plans.ipynb")
    mine = own_conversation()
    assert mine.startswith("plans-")
    assert own_conversation() == mine
    monkeypatch.delenv(SESSION_VARIABLE)
    shell.user_ns["__vsc_ipynb_file__"] = "/work/plans.ipynb"
    assert own_conversation() == mine


@pytest.mark.usefixtures("shell")
@pytest.mark.parametrize("session", ["", "/work/console-1-0b5c", "/work/script.py"])
def test_what_is_no_notebook_shares_one(session: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A console, a script beside a kernel, a runner without a server."""
    monkeypatch.setenv(SESSION_VARIABLE, session)
    assert own_conversation() == ELSEWHERE


def test_without_a_kernel_it_is_that_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """A script that a notebook's kernel has started inherits where it was, and is no notebook."""
    monkeypatch.setenv(SESSION_VARIABLE, "/work/plans.ipynb")
    monkeypatch.setattr(module, "get_shell", lambda: None)
    assert own_conversation() == ELSEWHERE
