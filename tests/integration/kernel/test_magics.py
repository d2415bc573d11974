"""``%%chat`` and ``%chat`` in a real kernel without a front end, in a terminal's IPython, and unattended."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from conduit_widget.errors import ProviderError
from tests.support.chat.server import ChatServer, chat_server
from tests.support.hub.server import token
from tests.support.kernel.ipython import LiveKernel, live_kernel
from tests.support.providers.scripted_provider import ScriptedProvider
from tests.support.waiting import eventually

LOAD = "%load_ext conduit_widget"


@pytest.fixture
def provider() -> ScriptedProvider:
    """A model that answers at once."""
    return ScriptedProvider(["It ", "is **so**."])


FIXED = "It was empty.\n\n```python\nrows = [1]\n```\n"


@pytest.fixture
async def server(tmp_path: Path, provider: ScriptedProvider) -> AsyncIterator[ChatServer]:
    """A hub with that model."""
    async with chat_server(tmp_path / "history.sqlite3", provider) as running:
        yield running


def environment(server: ChatServer) -> dict[str, str]:
    """What a kernel needs to be ann at that hub."""
    return {"CONDUIT_HUB_URL": server.url, "CONDUIT_HUB_TOKEN": token("ann", 300)}


@pytest.fixture
async def kernel(server: ChatServer) -> AsyncIterator[LiveKernel]:
    """A kernel with the magics."""
    async with live_kernel(environment(server)) as running:
        await running.run(LOAD)
        yield running


def asked(provider: ScriptedProvider) -> str:
    """The newest question as the model got it."""
    return str(provider.requests[-1].messages[-1].content)


def fails(kernel: LiveKernel, code: str) -> str:
    """Start a cell that will fail, and let the cells behind it run all the same."""
    return str(kernel.client.execute(code, stop_on_error=False))


async def test_cell_asks_and_keeps_the_answer(kernel: LiveKernel, provider: ScriptedProvider) -> None:
    """Shown as it comes, with values in place of expressions, in a variable if wanted."""
    await kernel.run(
        "what = 'a kernel'\nclass Own:\n    def __llm__(self): return 'its own words'\n\nown = Own()"
    )
    cell = kernel.start("%%chat team --to answer --system Briefly.\nWhat is {what}, {1 + len(what)}, {own}?")
    await kernel.finished(cell)
    assert asked(provider) == "What is a kernel, 9, its own words?"
    assert "Briefly." in str(provider.requests[-1].messages[0].content)
    await eventually(
        lambda: kernel.replaced("text/plain")[-1].startswith("It is **so**.\n"), what="it is shown"
    )
    assert "<strong>so</strong>" in kernel.replaced("text/html")[-1]
    check = kernel.start("print(answer.text, answer.role)")
    await kernel.finished(check)
    assert kernel.printed(check) == "It is **so**. assistant\n"


async def test_cell_takes_along_what_it_names(kernel: LiveKernel, provider: ScriptedProvider) -> None:
    """Variables, with their secrets masked; not what a value in braces happens to name."""
    await kernel.run("rows = {'token': 'abc', 'count': 3}\nsecret = 'x'\nword = '@secret'")
    cell = kernel.start("%%chat\nHow many in @rows, @nobody and {word}?")
    await kernel.finished(cell)
    assert asked(provider) == (
        "How many in @rows, @nobody and @secret?\n\n"
        "@rows: dict, 2 entries\n```text\n'token': [masked], 'count': 3\n```"
    )


async def test_next_cell_goes_on_in_the_same_conversation(
    kernel: LiveKernel, provider: ScriptedProvider
) -> None:
    """With what was said before; ``--quiet`` shows nothing; ``%chat`` says where one is and what was said."""
    await kernel.run("%%chat team --quiet\nFirst?")
    quiet = kernel.start("%%chat --quiet\nSecond?")
    await kernel.finished(quiet)
    assert not kernel.replaced("text/plain")
    said = [str(message.content) for message in provider.requests[-1].messages]
    assert said[-3:] == ["First?", "It is **so**.", "Second?"]
    status, history = kernel.start("%chat"), kernel.start("%chat history 3")
    await kernel.finished(history)
    assert kernel.printed(status).startswith("Conversation team: live, you alone. Answers: scripted (")
    assert kernel.printed(history) == "assistant: It is **so**.\nAnn: Second?\nassistant: It is **so**.\n"
    other = kernel.start("%chat switch other\n%chat history")
    await kernel.finished(other)
    assert kernel.printed(other).splitlines()[-1] == "Nothing was said yet."


async def test_cell_that_names_none_asks_in_the_notebooks_own_conversation(
    server: ChatServer, provider: ScriptedProvider, tmp_path: Path
) -> None:
    """As ``Chat()`` does; its text has nothing of chance. Without a notebook it is ``main``."""
    served = {"JPY_SESSION_NAME": str(tmp_path / "plans.ipynb"), "CONDUIT_DATA_DIR": str(tmp_path / "data")}
    async with live_kernel({**environment(server), **served}) as kernel:
        await kernel.run(f"{LOAD}\nfrom conduit_widget import Chat\nown = Chat()")
        await kernel.run("%%chat --quiet\nWhose is it?")
        said = kernel.start("print([m.text for m in own.messages], own.conversation_id[:6])")
        status, named = kernel.start("%chat"), kernel.start("%chat switch team")
        back = kernel.start("%chat switch")
        magics = "get_ipython().magics_manager.magics['line']['chat'].__self__"
        await kernel.run(f"{magics}._chat().switch_to('board')")
        gone = kernel.start("%chat")
        await kernel.finished(gone)
        assert kernel.printed(gone).startswith("Conversation board: ")
        assert kernel.printed(said) == "['Whose is it?', 'It is **so**.'] plans-\n"
        own = "This notebook's own conversation: live, you alone. Answers: scripted ("
        assert kernel.printed(status).startswith(own)
        assert kernel.printed(named).startswith("Conversation team: ")
        assert kernel.printed(back).startswith(own)
    async with live_kernel(environment(server)) as kernel:
        await kernel.run(LOAD)
        status = kernel.start("%chat")
        await kernel.finished(status)
        assert kernel.printed(status).startswith("Conversation main: live, you alone. Answers: scripted (")


@pytest.mark.parametrize("provider", [ScriptedProvider([FIXED])])
async def test_fix_asks_about_the_error(kernel: LiveKernel, provider: ScriptedProvider) -> None:
    """With the cell that failed; a remark is not needed. The code of the answer is put into a new cell."""
    failing = fails(kernel, "rows = []\nrows[3]")
    await eventually(lambda: kernel.errors(failing), what="the cell fails")
    cell = kernel.start("%%chat --fix")
    await kernel.finished(cell)
    assert "rows = []\nrows[3]" in asked(provider)
    assert "IndexError: list index out of range" in asked(provider)
    assert "ipykernel" not in asked(provider)
    reply = await kernel.client.get_shell_msg(timeout=30)
    while reply["parent_header"]["msg_id"] != cell:
        reply = await kernel.client.get_shell_msg(timeout=30)
    (payload,) = reply["content"]["payload"]
    assert (payload["source"], payload["text"]) == ("set_next_input", "rows = [1]")


MISTAKES = (
    ("%%chat --unknown\nHi", "UsageError: %chat: unrecognized arguments: --unknown"),
    ("%%chat\nWhat is {nothing}?", "ValidationError: prompt: `{nothing}` raised NameError"),
    ("%%chat\n \n", "ValidationError: text: is empty"),
    ("%chat dance", "UsageError: Use %chat status"),
    ("%%chat --fix", "ConduitError: Nothing has failed yet"),
)


async def test_mistake_is_told_in_a_line(kernel: LiveKernel, provider: ScriptedProvider) -> None:
    """And nothing is sent."""
    for cell, told in MISTAKES:
        failing = fails(kernel, cell)

        def shown(failing: str = failing) -> str:
            lines = [line for error in kernel.errors(failing) for line in error["traceback"]]
            return re.sub(r"\x1b\[[\d;]*m", "", kernel.printed(failing) + "".join(lines)).strip()

        await eventually(lambda: told in shown(), what=cell)  # noqa: B023 - awaited within the turn
        assert len(shown().splitlines()) == 1
        await kernel.run("import sys; sys.last_value = None")
    assert not provider.requests


async def test_answer_that_fails_ends_the_cell(tmp_path: Path) -> None:
    """So that a run in CI is red."""
    broken = ScriptedProvider([ProviderError("The model is out.", type="server_error")])
    async with (
        chat_server(tmp_path / "history.sqlite3", broken) as server,
        live_kernel(environment(server)) as kernel,
    ):
        await kernel.run(LOAD)
        failing = fails(kernel, "%%chat\nHi")
        await eventually(lambda: kernel.errors(failing), what="the cell fails")
        (error,) = kernel.errors(failing)
        assert error["ename"] == "ProviderError"


async def test_extension_goes_without_a_trace(kernel: LiveKernel) -> None:
    """``%unload_ext`` closes the chats; loading again works."""
    await kernel.run("%%chat --quiet\nHi")
    cell = kernel.start("%unload_ext conduit_widget\nprint(get_ipython().find_cell_magic('chat'))")
    await kernel.finished(cell)
    assert kernel.printed(cell) == "None\n"
    await kernel.run("%load_ext conduit_widget\nget_ipython().run_cell_magic('chat', '--quiet', 'Hi')")


async def test_terminal_prints_the_answer(server: ChatServer) -> None:
    """There is nothing to show it in."""
    code = f"{LOAD}\nget_ipython().run_cell_magic('chat', '', 'Hi')"

    def run() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "IPython", "--no-banner", "--colors=nocolor", "-c", code]
        env = {**os.environ, **environment(server)}
        return subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=False)

    done = await asyncio.to_thread(run)
    assert done.stdout.endswith("It is **so**.\n"), done.stderr


async def test_unattended_run_keeps_the_answer(server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """nbclient runs the notebook: no front end, and the text is in the file."""
    for name, value in environment(server).items():
        monkeypatch.setenv(name, value)
    cells: list[dict[str, object]] = [
        {
            "cell_type": "code",
            "id": f"c{at}",
            "metadata": {},
            "source": source,
            "outputs": [],
            "execution_count": None,
        }
        for at, source in enumerate((LOAD, "%%chat\nHi", "%chat history"))
    ]
    notebook = nbformat.from_dict({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells})  # type: ignore[no-untyped-call]
    await NotebookClient(notebook, timeout=120, kernel_name="python3").async_execute()
    assert "It is **so**." in notebook.cells[1].outputs[0]["data"]["text/plain"]
    assert notebook.cells[2].outputs[0]["text"] == "Ann: Hi\nassistant: It is **so**.\n"
