"""walk: the functions one token of an answer passes, from the provider's chunk to the comm message.

A hub, a client and a widget model run in one process, the model is a scripted OpenAI-compatible server. Every
function of ours that is entered for a token is recorded on all threads. What is entered for each of several
tokens is the walk: pings, checkpoints and metrics, which come now and then, are not in it.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, Final

import pytest

import conduit_widget
from conduit_widget.chat.settings import ChatSettings
from conduit_widget.kernel.loop_thread import stop_loop_thread
from conduit_widget.providers.openai.adapter import OpenAICompatible
from conduit_widget.widget.browser import front_end
from conduit_widget.widget.chat.chat import Chat
from tests.support.chat.server import chat_server
from tests.support.hub.server import token
from tests.support.kernel.comm import RecordingComm, recorded_comms
from tests.support.network.raw_http_server import RawHttpServer, RawReply, RawRequest
from tests.support.waiting import eventually

ROOT: Final = str(Path(conduit_widget.__file__).parent) + "/"
WARM_UP: Final = 5
PAUSE: Final = 0.3
"""Seconds between two tokens: each goes its way alone."""

_NAMELESS: Final = frozenset({"<listcomp>", "<dictcomp>", "<setcomp>", "<genexpr>", "<module>"})


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``walk``."""
    parser.add_argument("--tokens", type=int, default=8, help="tokens whose walks are compared")


def run(arguments: argparse.Namespace) -> int:
    """Record and print."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        walk = asyncio.run(_walk(Path(folder), patch, arguments.tokens))
    room = ""
    for code in walk:
        if _room_of(code) != room:
            room = _room_of(code)
            print(room)
        print(f"    {code.co_filename.removeprefix(ROOT)}: {code.co_qualname}")
    for room, number in Counter(map(_room_of, walk)).most_common():
        print(f"{number:>4} {room}")
    print(f"{len(walk):>4} functions in {len({code.co_filename for code in walk})} files")
    return 0


def _room_of(code: CodeType) -> str:
    return code.co_filename.removeprefix(ROOT).partition("/")[0]


class Recorder:
    """The code of every function of ours that is entered while it records, on all threads, in order."""

    def __init__(self) -> None:
        self.entered: list[CodeType] = []
        self._records = False

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch this thread and those that begin from now on."""
        threading.setprofile(self._see)
        sys.setprofile(self._see)
        try:
            yield
        finally:
            sys.setprofile(None)
            threading.setprofile(None)

    def begin(self) -> None:
        """Record from here to the next comm message."""
        self.entered = []
        self._records = True

    @property
    def is_done(self) -> bool:
        """Whether the comm message has been sent."""
        return not self._records

    def _see(self, frame: FrameType, event: str, _argument: Any) -> None:
        if event != "call" or not self._records:
            return
        code = frame.f_code
        if code is RecordingComm.publish_msg.__code__:
            self._records = False
        elif code.co_filename.startswith(ROOT) and code.co_name not in _NAMELESS:
            self.entered.append(code)


async def _walk(folder: Path, patch: pytest.MonkeyPatch, tokens: int) -> list[CodeType]:
    recorder, due, sent = Recorder(), asyncio.Queue[str](), asyncio.Event()

    async def serve(_request: RawRequest, reply: RawReply) -> None:
        await reply.start_stream()
        while word := await due.get():
            await reply.delta(word)
        await reply.delta("", finish_reason="stop")
        sent.set()

    (folder / "chat.js").write_text("export default {};")
    patch.setattr(front_end, "STATIC", folder)
    walks: list[list[CodeType]] = []
    with recorder.watching(), recorded_comms(patch) as comms:
        async with RawHttpServer(serve) as model:
            provider = OpenAICompatible("scripted", model.base_url, model="m")
            async with chat_server(folder / "history", provider, settings=ChatSettings()) as hub:
                chat = Chat("team", hub_url=hub.url, token=token())
                await asyncio.to_thread(chat.wait_connected, 30)
                comms.view.receive({"kind": "hello", "n": 0})
                question = asyncio.create_task(chat.ask("Hello?"))
                for number in range(WARM_UP + tokens):
                    await asyncio.sleep(PAUSE)
                    recorder.begin()
                    due.put_nowait(f" word{number}")
                    await eventually(lambda: recorder.is_done, what="the comm message")
                    if number >= WARM_UP:
                        walks.append(recorder.entered)
                due.put_nowait("")
                await question
                await asyncio.to_thread(chat.close)
            await provider.aclose()
        stop_loop_thread()
    always = set(walks[0]).intersection(*walks[1:])
    return [code for code in dict.fromkeys(walks[0]) if code in always]
