"""The chat of a page without a kernel: a real Jupyter server, its hub, and the WebSocket of a view."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Final

import httpx2
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from conduit_widget.access.hub_access import local_identity
from conduit_widget.chat_client.conversation.synchronizer import NOT_YET
from conduit_widget.jupyter.views.open_views import MAX_VIEWS_PER_USER
from conduit_widget.jupyter.views.session import READ_ONLY
from conduit_widget.widget.browser.build import build_parts
from conduit_widget.widget.browser.front_end import whole_module
from tests.support.jupyter.server import PEOPLE, JupyterServer, jupyter_server
from tests.support.jupyter.view import JupyterView, jupyter_view

pytestmark = pytest.mark.timeout(300)

LONG: Final = 60
"""More messages than a join brings."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    """A server that its owner alone uses."""
    with jupyter_server(tmp_path_factory.mktemp("jupyter")) as running:
        yield running


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    """A server that several people use, each by their own token."""
    with jupyter_server(tmp_path_factory.mktemp("shared"), configuration=PEOPLE) as running:
        yield running


async def test_owner_is_the_user_of_the_machine(server: JupyterServer) -> None:
    """The page says who one is, and the view speaks for the same person as a kernel would."""
    async with httpx2.AsyncClient() as http:
        reply = await http.get(f"{server.url}/conduit/api/me", headers=server.headers)
    me = reply.json()
    assert (me["userId"], me["userName"]) == local_identity()
    assert me["canWrite"] is True
    assert me["keepsSeen"] is True
    assert me["static"].startswith("/lab/of/ann/conduit/static/")
    async with jupyter_view(server.ws_url, server.headers, "owner's") as view:
        state = await view.live()
        assert state["self"] == {"userId": me["userId"], "userName": me["userName"]}
        assert state["conversationId"] == "owner's"


async def test_browser_parts_have_addresses_that_never_change(server: JupyterServer) -> None:
    """They may be kept for ever; the address of another build has nothing."""
    async with httpx2.AsyncClient(headers=server.headers) as http:
        me = (await http.get(f"{server.url}/conduit/api/me")).json()
        base = f"{server.url}{me['static'].removeprefix('/lab/of/ann')}"
        chat = await http.get(f"{base}chat.js")
        assert chat.text == whole_module("chat")
        assert "immutable" in chat.headers["cache-control"]
        assert chat.headers["content-encoding"] == "gzip"
        assert chat.headers["content-type"].startswith("text/javascript")
        part = await http.get(f"{base}emoji.chunk.gz")
        assert part.content == build_parts()["emoji.chunk.gz"]
        for other in ("dashboard.html", "chat.css", "..", "../0123456789abcdef/chat.js"):
            assert (await http.get(f"{base}{other}")).status_code == 404


async def test_views_of_two_people_share_a_conversation(shared: JupyterServer) -> None:
    """Each is who Jupyter says they are; what one writes the other sees, under the right name."""
    async with (
        jupyter_view(shared.ws_url, token("ann"), "team") as ann,
        jupyter_view(shared.ws_url, token("bob"), "team") as bob,
    ):
        await quiet(ann, "team")
        state = await bob.live()
        assert state["self"] == {"userId": "bob", "userName": "Bob of Jupyter"}
        looks = {(each["initials"], each["color"]) for each in state["participants"]}
        assert looks == {("JJ", "#8e24aa")}, "as Jupyter shows them"
        assert (await ann.say("hello from Ann"))["ok"]
        await bob.until(lambda: "hello from Ann" in bob.texts)
        (said,) = [each for each in bob.written if each["content"] == "hello from Ann"]
        assert said["author"] == {"userId": "ann", "userName": "Ann of Jupyter"}


async def test_viewer_reads_and_is_told_why_not_more(shared: JupyterServer) -> None:
    """Who may not run code hears everything; what they write is refused at once, in one line."""
    async with AsyncExitStack() as stack:
        ann = await stack.enter_async_context(jupyter_view(shared.ws_url, token("ann"), "for all"))
        await quiet(ann, "for all")
        # Only now: a viewer makes no conversation.
        viewer = await stack.enter_async_context(jupyter_view(shared.ws_url, token("viewer"), "for all"))
        assert (await viewer.live())["readOnly"] == READ_ONLY
        assert "readOnly" not in await ann.live()
        assert (await ann.say("look"))["ok"]
        await ann.until(lambda: ann.texts == ["look"])
        await viewer.until(lambda: viewer.texts == ["look"])
        for refused in (
            await viewer.say("me too"),
            await viewer.ask("delete", messageId=ann.written[0]["id"]),
            await viewer.ask("conversation", action="rename", title="mine"),
            await viewer.ask("something new"),
        ):
            assert (refused["ok"], refused["error"]["message"]) == (False, READ_ONLY)
        assert (await viewer.ask("search", query="look", options={}))["ok"]
        assert (await ann.ask("pin", messageId=ann.written[0]["id"], on=True))["ok"]
        pinned = await viewer.ask("pinned")
        assert [each["content"] for each in pinned["result"]] == ["look"], pinned
        kept = (await viewer.ask("transcript", cssClass="conduit-0123456789ab"))["result"]
        assert kept["text/plain"] == "Chat for all\n\nAnn of Jupyter: look"
        assert 'class="conduit-transcript conduit-0123456789ab"' in kept["text/html"]
        odd = (await viewer.ask("transcript", cssClass="x' onload='"))["result"]
        assert 'class="conduit-transcript"' in odd["text/html"]
        async with httpx2.AsyncClient() as http:
            me = await http.get(f"{shared.url}/conduit/api/me", headers=token("viewer"))
        assert me.json()["canWrite"] is False


async def test_viewer_who_comes_first_waits_until_somebody_writes(shared: JupyterServer) -> None:
    """There is nothing to read yet; then there is, without a new page."""
    async with jupyter_view(shared.ws_url, token("viewer"), "not yet") as viewer:
        await viewer.send({"kind": "hello", "n": 0})
        await viewer.until(lambda: (viewer.link or {}).get("message") == NOT_YET)
        assert (viewer.link or {})["state"] == "connecting"
        async with jupyter_view(shared.ws_url, token("ann"), "not yet") as ann:
            await quiet(ann, "not yet")
            assert (await ann.say("the first word"))["ok"]
            await viewer.until(lambda: viewer.texts == ["the first word"])
            await viewer.until(lambda: viewer.is_live)


async def test_transcript_has_what_was_said_before_the_page_came(shared: JupyterServer) -> None:
    """A page that writes it for another has joined with the newest messages alone; no other one goes."""
    async with jupyter_view(shared.ws_url, token("ann"), "long") as ann:
        await quiet(ann, "long")
        for number in range(LONG):
            assert (await ann.say(f"word {number}."))["ok"]
        async with jupyter_view(shared.ws_url, token("bob"), "long") as bob:
            await bob.live()
            assert len(bob.texts) < LONG
            kept = (await bob.ask("transcript", cssClass="conduit-0123456789ab"))["result"]
            lines = kept["text/plain"].split("\n\n")
            assert [line.partition(": ")[2] for line in lines[1:]] == [f"word {n}." for n in range(LONG)]


async def test_view_that_comes_again_goes_on(shared: JupyterServer) -> None:
    """After a page reload everything is there, and the person never left for the others."""
    async with jupyter_view(shared.ws_url, token("ann"), "again") as watcher:
        await quiet(watcher, "again")
        async with jupyter_view(shared.ws_url, token("bob"), "again") as bob:
            await bob.live()
            assert (await bob.say("before"))["ok"]
        async with jupyter_view(shared.ws_url, token("bob"), "again") as bob:
            await bob.live()
            assert (await bob.say("after"))["ok"]
            await watcher.until(lambda: watcher.texts == ["before", "after"])
            await bob.until(lambda: bob.texts == ["before", "after"])
        await watcher.until(lambda: watcher.people == {"ann"})


async def test_view_without_a_kernel_reads_no_file_of_the_server(server: JupyterServer) -> None:
    """What a kernel tells of its variables and files, the server's process tells nobody."""
    async with jupyter_view(server.ws_url, server.headers) as view:
        assert "variables" not in await view.live()
        for kind, more in (
            ("variables", {"query": "file:/etc/"}),
            ("context", {"names": ["file:/etc/hostname"], "left": 20_000}),
        ):
            reply = await view.ask(kind, **more)
            assert reply["error"]["message"] == "request: is not one this version knows."


async def test_parts_of_the_view_come_in_binary_frames(server: JupyterServer) -> None:
    """A lazy part travels as over a comm, its bytes beside the reply."""
    async with jupyter_view(server.ws_url, server.headers) as view:
        reply = await view.ask("chunk", name="emoji", **{"from": 0})
        assert reply["ok"]
        (part,) = view.buffers[reply["requestId"]]
        assert part[:2] == b"\x1f\x8b"  # gzip


@pytest.mark.parametrize(
    ("frame", "code"),
    [(b"\0\0\0\2{}", 1003), ("{", 1007), ("[" * 5000, 1007), ('"' + "x" * 1024 * 1024 + '"', 1009)],
    ids=["binary", "no JSON", "too deep", "too long"],
)
async def test_bad_frame_ends_only_its_own_view(server: JupyterServer, frame: str | bytes, code: int) -> None:
    """The connection is closed with a reason; another view goes on."""
    async with jupyter_view(server.ws_url, server.headers) as other:
        await other.live()
        async with connect(f"{server.ws_url}/conduit/view", additional_headers=server.headers) as socket:
            await socket.send(frame)
            await asyncio.wait_for(socket.wait_closed(), 30)
            assert socket.close_code == code
        assert (await other.ask("ping"))["ok"]


async def test_one_user_has_so_many_views_and_no_more(server: JupyterServer) -> None:
    """The one too many is told why; closing one makes room."""
    async with AsyncExitStack() as stack:
        views = [
            await stack.enter_async_context(jupyter_view(server.ws_url, server.headers))
            for _ in range(MAX_VIEWS_PER_USER)
        ]
        for view in views:
            assert (await view.ask("ping"))["ok"]
        async with connect(f"{server.ws_url}/conduit/view", additional_headers=server.headers) as socket:
            with pytest.raises(ConnectionClosed) as closed:
                await asyncio.wait_for(socket.recv(), 30)
        assert closed.value.rcvd is not None
        assert (closed.value.rcvd.code, "the limit" in closed.value.rcvd.reason) == (1013, True)
    async with jupyter_view(server.ws_url, server.headers) as view:
        await view.live()


def token(name: str) -> dict[str, str]:
    """What a script of this user sends."""
    return {"Authorization": f"token user-{name}"}


async def quiet(view: JupyterView, conversation: str) -> None:
    """Join, and have no model answer in the conversation."""
    await view.live()
    reply = await view.ask("conversation", action="update", assistant="off", conversationId=conversation)
    assert reply["ok"], reply
