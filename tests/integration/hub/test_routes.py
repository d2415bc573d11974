"""Routes beside the hubs: uploads and downloads of files, exports, and another application behind them."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route as Page, WebSocketRoute
from starlette.websockets import WebSocket
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from conduit_widget.hub import (
    Content,
    HttpResponse,
    HubApp,
    HubLimits,
    Route,
    RouteRequest,
    json_response,
)
from conduit_widget.hub.auth.revocation import Revocations
from tests.support.hub.echo_hub import EchoHub
from tests.support.hub.server import authority, raw_client, running, token
from tests.support.waiting import PATIENCE, at_rest, eventually, stays, ticks

PATH = "/hubs/echo"
MAX_FILE = 25 * 1024 * 1024
FILE = bytes(range(256)) * 1024
ETAG = '"v1"'
PIECE = 64 * 1024


def _signed(user_id: str = "ann") -> dict[str, str]:
    return {"Authorization": f"Bearer {token(user_id)}"}


class Files:
    """What a chat will do with files, as routes; keeps what it saw."""

    def __init__(self) -> None:
        self.uploads = 0
        self.largest_piece = 0
        self.received = 0
        self.exported = 0
        self.export_ended = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route(
                "/files",
                self.upload,
                methods=("POST",),
                principal="required",
                max_body_bytes=MAX_FILE,
            ),
            Route("/files", self.count),
            Route("/files/", self.download, prefix=True, principal="required", query_credential=True),
            Route("/files/open/", self.open, prefix=True),
            Route("/export", self.export),
            Route("/broken", self.broken),
            Route("/who", self.who, principal="optional"),
            Route("/admin", self.who, principal="required", role="operator"),
        ]

    async def upload(self, request: RouteRequest) -> HttpResponse:
        """Read a file piece by piece, and answer with its digest."""
        self.uploads += 1
        digest = hashlib.sha256()
        async for piece in request.body:
            self.largest_piece = max(self.largest_piece, len(piece))
            self.received += len(piece)
            digest.update(piece)
        await self.may_answer.wait()
        assert request.user is not None
        return json_response(201, {"by": request.user.user_id, "sha256": digest.hexdigest()})

    async def count(self, _request: RouteRequest) -> HttpResponse:
        """Return how many uploads there were."""
        return json_response(200, self.uploads)

    async def download(self, request: RouteRequest) -> HttpResponse:
        """Serve the one file under any name."""
        if request.rest == "missing":
            return json_response(404, {"error": "There is no such file."})
        return HttpResponse(200, Content(len(FILE), _read), "application/octet-stream", {"etag": ETAG})

    async def open(self, request: RouteRequest) -> HttpResponse:
        """Answer with what followed the longer prefix."""
        return HttpResponse(200, request.rest.encode(), "text/plain")

    async def export(self, _request: RouteRequest) -> HttpResponse:
        """Send lines without an end."""

        async def lines() -> AsyncIterator[bytes]:
            try:
                while True:
                    self.exported += 1
                    yield b"x" * PIECE
            finally:
                self.export_ended.set()

        return HttpResponse(200, lines(), "text/plain")

    async def broken(self, _request: RouteRequest) -> HttpResponse:
        """Fail in the middle of a body."""

        async def pieces() -> AsyncIterator[bytes]:
            yield b"the first half"
            raise RuntimeError("private words")

        return HttpResponse(200, pieces(), "text/plain")

    async def who(self, request: RouteRequest) -> HttpResponse:
        """Name the caller."""
        return json_response(200, None if request.user is None else request.user.user_id)


async def _read(start: int, stop: int) -> AsyncIterator[bytes]:
    for at in range(start, stop, PIECE):
        yield FILE[at : min(stop, at + PIECE)]


def _app(files: Files, **options: Any) -> HubApp:
    return HubApp({PATH: EchoHub()}, authenticator=authority(), routes=files.routes(), **options)


@contextlib.asynccontextmanager
async def _over_tcp(app: HubApp) -> AsyncIterator[httpx2.AsyncClient]:
    async with (
        running(app) as url,
        httpx2.AsyncClient(base_url=url, trust_env=False, timeout=PATIENCE) as http,
    ):
        yield http


@contextlib.asynccontextmanager
async def _plain_asgi(app: HubApp) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://localhost") as http:
        yield http


Serve = Callable[[HubApp], contextlib.AbstractAsyncContextManager[httpx2.AsyncClient]]
both = pytest.mark.parametrize("serve", [_over_tcp, _plain_asgi], ids=["uvicorn", "asgi"])


async def _bare(http: httpx2.AsyncClient) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    assert http.base_url.port is not None
    return await asyncio.open_connection("127.0.0.1", http.base_url.port)


async def _chunks(size: int) -> AsyncIterator[bytes]:
    for at in range(0, size, PIECE):
        yield b"u" * min(PIECE, size - at)


@both
async def test_a_file_of_25_mib_is_read_in_pieces(serve: Serve) -> None:
    """The handler has the file's bytes as they come, and never all of them."""
    files = Files()
    async with serve(_app(files)) as http:
        answer = await http.post("/files", content=_chunks(MAX_FILE), headers=_signed())
    assert answer.status_code == 201
    assert answer.json() == {"by": "ann", "sha256": hashlib.sha256(b"u" * MAX_FILE).hexdigest()}
    assert files.largest_piece <= 1024 * 1024


@both
@pytest.mark.parametrize("announced", [True, False], ids=["announced", "chunked"])
async def test_a_body_over_the_route_s_limit_gets_413_that_names_it(serve: Serve, announced: bool) -> None:
    """An announced one never reaches the handler; another one is cut where it passes the limit."""
    files = Files()
    size = MAX_FILE + 1
    headers = {**_signed(), **({"content-length": str(size)} if announced else {})}
    async with serve(_app(files)) as http:
        answer = await http.post("/files", content=_chunks(size), headers=headers)
    assert answer.status_code == 413
    assert str(MAX_FILE) in answer.json()["error"]
    assert files.uploads == (0 if announced else 1)
    assert files.received <= MAX_FILE


@pytest.mark.parametrize("signed", [True, False], ids=["too large", "nobody"])
async def test_an_early_refusal_does_not_wait_for_the_body(signed: bool) -> None:
    """Whoever is refused hears it before they have sent anything of the body."""
    files = Files()
    async with _over_tcp(_app(files)) as http:
        reader, writer = await _bare(http)
        lines = ["POST /files HTTP/1.1", "host: localhost", f"content-length: {MAX_FILE + 1}"]
        lines += [f"{name}: {value}" for name, value in (_signed() if signed else {}).items()]
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        status = await asyncio.wait_for(reader.readline(), PATIENCE)
        assert status.split()[1] == (b"413" if signed else b"401")
        writer.close()
    assert files.uploads == 0


async def test_a_sender_that_stalls_is_cut_and_one_that_is_only_slow_is_not() -> None:
    """The patience is for who sends nothing; a long upload takes as long as it takes."""
    files = Files()
    limits = HubLimits(body_timeout=0.5)
    async with _over_tcp(_app(files, limits=limits)) as http:

        async def slowly() -> AsyncIterator[bytes]:
            async for _ in ticks(0.05, 30):  # together longer than the patience, on purpose
                yield b"s" * 4096

        answer = await http.post("/files", content=slowly(), headers=_signed())
        assert answer.status_code == 201
        reader, writer = await _bare(http)
        head = f"POST /files HTTP/1.1\r\nhost: localhost\r\ncontent-length: {MAX_FILE}\r\n"
        writer.write(f"{head}authorization: {_signed()['Authorization']}\r\n\r\nabc".encode())
        status = await asyncio.wait_for(reader.readline(), PATIENCE)
        assert status.split()[1] == b"408"
        writer.close()


@both
async def test_who_asks_is_known_where_the_route_wants_to_know(serve: Serve) -> None:
    """Nobody, somebody, the wrong one, and one without the role."""
    async with serve(_app(Files())) as http:
        assert (await http.post("/files", content=b"x")).status_code == 401
        assert (await http.get("/who")).json() is None
        assert (await http.get("/who", headers=_signed("bob"))).json() == "bob"
        assert (await http.get("/who", headers={"Authorization": "Bearer nonsense"})).status_code == 401
        assert (await http.get("/admin", headers=_signed())).status_code == 403
        assert (await http.get("/who", params={"access_token": token()})).json() is None
        assert (await http.get("/files/a", params={"access_token": token()})).status_code == 200


@both
async def test_methods_and_paths_are_found(serve: Serve) -> None:
    """Methods of one path are routes of their own; the longest prefix counts; others hear what there is."""
    async with serve(_app(Files())) as http:
        assert (await http.get("/files")).json() == 0
        refused = await http.delete("/files")
        assert (refused.status_code, refused.headers["allow"]) == (405, "POST, GET")
        assert (await http.get("/files/open/a/b")).text == "a/b"
        assert (await http.get("/files/missing", headers=_signed())).status_code == 404
        assert (await http.get("/nothing")).status_code == 404


def test_a_path_that_cannot_match_is_refused() -> None:
    """A prefix ends where a path's part ends."""
    files = Files()
    for path, prefix in (("files", False), ("/files", True)):
        with pytest.raises(ValueError, match="must begin with"):
            Route(path, files.count, prefix=prefix)


@both
@pytest.mark.parametrize(
    ("wanted", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=1000-", 1000, -1),
        ("bytes=-70000", -70000, -1),
        ("bytes=5-99999999", 5, -1),
    ],
)
async def test_a_range_of_a_file_is_sent_alone(serve: Serve, wanted: str, first: int, last: int) -> None:
    """From a place to a place, to the end, the last so many; the end may lie beyond the file's."""
    size = len(FILE)
    start, stop = first % size, last % size + 1
    async with serve(_app(Files())) as http:
        answer = await http.get("/files/a", headers={**_signed(), "Range": wanted})
    assert (answer.status_code, answer.content) == (206, FILE[start:stop])
    assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/{size}"
    assert answer.headers["content-length"] == str(stop - start)


@both
async def test_ranges_that_cannot_be_served_get_the_whole_or_416(serve: Serve) -> None:
    """Beyond the end: 416 with the size. Several, unreadable, or of another version: the whole."""
    async with serve(_app(Files())) as http:
        beyond = await http.get("/files/a", headers={**_signed(), "Range": f"bytes={len(FILE)}-"})
        assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(FILE)}")
        for headers in (
            {"Range": "bytes=0-1,5-6"},
            {"Range": "lines=1-2"},
            {"Range": "bytes=9-3"},
            {"Range": "bytes=0-1", "If-Range": '"v0"'},
        ):
            answer = await http.get("/files/a", headers={**_signed(), **headers})
            assert (answer.status_code, answer.content == FILE) == (200, True), headers
        same = await http.get("/files/a", headers={**_signed(), "Range": "bytes=0-1", "If-Range": ETAG})
        assert same.status_code == 206


@both
async def test_what_the_client_has_is_not_sent_again_and_head_sends_nothing(serve: Serve) -> None:
    """304 for the same version; HEAD has the length and the version, and no body."""
    files = Files()
    async with serve(_app(files)) as http:
        whole = await http.get("/files/a", headers=_signed())
        assert (whole.content == FILE, whole.headers["accept-ranges"]) == (True, "bytes")
        known = await http.get("/files/a", headers={**_signed(), "If-None-Match": f'"v0", W/{ETAG}'})
        assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", ETAG)
        head = await http.head("/files/a", headers=_signed())
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == str(len(FILE))
        assert (await http.head("/export")).content == b""
    assert files.exported == 0


async def test_an_export_waits_for_its_reader_and_ends_when_that_one_leaves() -> None:
    """Nothing is made that nobody reads, and nothing is left running."""
    files = Files()
    async with _over_tcp(_app(files)) as http:
        reader, writer = await _bare(http)
        writer.write(b"GET /export HTTP/1.1\r\nhost: localhost\r\n\r\n")
        assert (await reader.readline()).split()[1] == b"200"
        exported = await at_rest(lambda: files.exported)
        assert exported * PIECE < 64 * 1024 * 1024, "what the sockets hold, not more"
        assert not files.export_ended.is_set()
        writer.transport.abort()
        await asyncio.wait_for(files.export_ended.wait(), PATIENCE)


async def test_a_body_that_fails_is_cut_and_its_text_stays_here(caplog: pytest.LogCaptureFixture) -> None:
    """Nobody takes the half for the whole; the log says where it failed, not what it said."""
    async with _over_tcp(_app(Files())) as http:
        with pytest.raises(httpx2.RemoteProtocolError):
            await http.get("/broken")
    assert "A route's body failed: RuntimeError" in caplog.text
    assert "private words" not in caplog.text


async def test_a_drain_refuses_new_requests_and_waits_for_those_under_way() -> None:
    """An upload begun is finished; who comes later is sent away, the operators' pages answer to the end."""
    files = Files()
    files.may_answer.clear()
    app = _app(files)
    async with _plain_asgi(app) as http:
        upload = asyncio.create_task(http.post("/files", content=b"x", headers=_signed()))
        await eventually(lambda: files.received == 1)
        app.begin_drain()
        refused = await http.get("/files")
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
        assert (await http.get("/healthz")).status_code == 200
        drain = asyncio.create_task(app.drain(PATIENCE))
        await stays(lambda: not drain.done())
        files.may_answer.set()
        await drain
        assert (await upload).status_code == 201


@both
async def test_other_origins_and_hosts_are_held_off_and_an_allowed_page_may_read(serve: Serve) -> None:
    """As at the hubs: Host and Origin first, and what a page may send is told for each route."""
    page = {"Origin": "http://localhost:8888"}
    async with serve(_app(Files())) as http:
        assert (await http.get("/files", headers={"Host": "evil.example"})).status_code == 400
        assert (await http.get("/files", headers={"Origin": "https://evil.example"})).status_code == 403
        asked = await http.options("/files", headers={**page, "Access-Control-Request-Method": "POST"})
        assert (asked.status_code, asked.headers["access-control-allow-methods"]) == (204, "POST, GET")
        assert "range" in asked.headers["access-control-allow-headers"]
        read = await http.get("/files/a", headers={**page, **_signed()})
        assert read.headers["access-control-allow-origin"] == page["Origin"]
        assert "content-range" in read.headers["access-control-expose-headers"]


# Another application behind the hub


def _pages() -> Any:
    async def front(request: Request) -> PlainTextResponse:
        return PlainTextResponse(f"page {request.url.path} {len(await request.body())}")

    async def echo(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text(await socket.receive_text())
        await socket.close()

    return Starlette(
        routes=[Page("/{path:path}", front, methods=["GET", "POST", "OPTIONS"]), WebSocketRoute("/ws", echo)]
    )


async def test_everything_else_goes_to_the_application_behind_the_hub() -> None:
    """HTTP and WebSockets of its own; the hub's paths stay the hub's, on one port."""
    app = _app(Files(), fallback=_pages())
    async with running(app) as url, httpx2.AsyncClient(base_url=url, trust_env=False) as http:
        assert (await http.post("/any/path", content=b"four")).text == "page /any/path 4"
        assert (await http.get("/files")).json() == 0
        origin = {"Origin": "http://localhost:8888"}
        assert (await http.options("/any", headers=origin)).text == "page /any 0", "its CORS is its own"
        async with connect(url.replace("http", "ws") + "/ws", proxy=None) as socket:
            await socket.send("hello")
            assert await socket.recv() == "hello"
        async with raw_client(url, PATH) as client:
            assert (await client.invoke("Echo", 1))["result"] == 1


async def test_the_application_behind_the_hub_has_the_hub_s_guard() -> None:
    """Foreign Hosts and Origins never reach it, and nobody does while the hub drains."""
    app = _app(Files(), fallback=_pages())
    async with running(app) as url, httpx2.AsyncClient(base_url=url, trust_env=False) as http:
        assert (await http.get("/any", headers={"Host": "evil.example"})).status_code == 400
        with pytest.raises(InvalidStatus) as refused:
            async with connect(url.replace("http", "ws") + "/ws", origin="https://evil.example", proxy=None):  # type: ignore[arg-type]
                pass
        assert refused.value.response.status_code == 403
        app.begin_drain()
        assert (await http.get("/any")).status_code == 503
        with pytest.raises(InvalidStatus):
            async with connect(url.replace("http", "ws") + "/ws", proxy=None):
                pass


async def test_a_failing_handler_says_nothing_of_its_error(caplog: pytest.LogCaptureFixture) -> None:
    """500 with a fixed text; the log has the place and not the words."""
    caplog.set_level(logging.INFO)

    async def fail(_request: RouteRequest) -> HttpResponse:
        raise RuntimeError("private words")

    app = HubApp({}, authenticator=authority(), routes=[Route("/fail", fail)])
    async with _plain_asgi(app) as http:
        answer = await http.get("/fail")
    assert (answer.status_code, answer.json()) == (500, {"error": "An unexpected error occurred."})
    assert "A route failed: RuntimeError" in caplog.text
    assert "private words" not in caplog.text


def test_a_route_that_would_be_open_or_unreachable_by_mistake_is_refused() -> None:
    """A word that is none of the three never opens a route; methods are names in capitals, not one text."""

    async def nothing(_request: RouteRequest) -> HttpResponse:
        return HttpResponse(204)

    mistakes: list[dict[str, Any]] = [
        {"principal": "require"},
        {"principal": True},
        {"methods": "POST"},
        {"methods": ("post",)},
        {"methods": ()},
    ]
    for mistake in mistakes:
        with pytest.raises(ValueError, match="must be"):
            Route("/files", nothing, **mistake)
    with pytest.raises(ValueError, match="must begin"):
        HubApp({"hubs/echo": EchoHub()}, authenticator=authority())
    with pytest.raises(ValueError, match="is a hub's"):
        HubApp({PATH: EchoHub()}, authenticator=authority(), routes=[Route(PATH, nothing)])


async def test_a_role_wants_somebody_who_has_it() -> None:
    """A route that names a role alone asks who it is, in place of refusing everybody."""

    async def name(request: RouteRequest) -> HttpResponse:
        return json_response(200, None if request.user is None else request.user.user_id)

    app = HubApp(
        {PATH: EchoHub()}, authenticator=authority(), routes=[Route("/admin", name, role="operator")]
    )
    async with _plain_asgi(app) as http:
        assert (await http.get("/admin")).status_code == 401
        assert (await http.get("/admin", headers=_signed())).status_code == 403


@pytest.mark.parametrize(
    ("response", "said"),
    [
        ({"id": 1}, "its handler returned dict, not HttpResponse"),
        (None, "its handler returned NoneType, not HttpResponse"),
        (HttpResponse(200, "private"), "the body is str, not bytes"),  # type: ignore[arg-type]
        (HttpResponse(200, b"", headers={"x-name": "private\r\nset-cookie: a=b"}), "of the header x-name"),
        (HttpResponse(200, b"", headers={"x-name": "private €"}), "of the header x-name"),
        (HttpResponse(200, b"", headers={"x-size": 3}), "of the header x-size"),  # type: ignore[dict-item]
        (HttpResponse(200, b"", headers={"x name": "private"}), "'x name' is no name of a header"),
        (HttpResponse(200, b"", "text/plain\r\n\r\nprivate"), "of the header content-type"),
    ],
)
@both
async def test_an_answer_that_cannot_be_sent_is_a_500_and_a_line_that_says_what_it_should_be(
    serve: Serve, response: Any, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    """No line end gets into a head; whoever writes the route reads what is wrong, and no value of it."""

    async def handler(_request: RouteRequest) -> HttpResponse:
        return response  # type: ignore[no-any-return]

    app = HubApp({PATH: EchoHub()}, authenticator=authority(), routes=[Route("/it", handler)])
    async with serve(app) as http:
        answered = await http.get("/it")
    assert (answered.status_code, answered.json()) == (500, {"error": "An unexpected error occurred."})
    assert said in caplog.text
    assert "private" not in caplog.text


async def test_a_content_that_cannot_be_opened_keeps_its_text_here(caplog: pytest.LogCaptureFixture) -> None:
    """What `read` raises before its first piece is logged like the rest: the place, not the words."""

    def read(_start: int, _stop: int) -> AsyncIterator[bytes]:
        raise FileNotFoundError("private path")

    async def handler(_request: RouteRequest) -> HttpResponse:
        return HttpResponse(200, Content(10, read))

    app = HubApp({PATH: EchoHub()}, authenticator=authority(), routes=[Route("/it", handler)])
    async with _over_tcp(app) as http:
        with pytest.raises(httpx2.RemoteProtocolError):
            await http.get("/it")
    assert "A route's body failed: FileNotFoundError" in caplog.text
    assert "private" not in caplog.text


@both
async def test_a_range_of_any_number_of_digits_is_read(serve: Serve) -> None:
    """A number beyond every file is beyond this one, and leading zeros are nothing."""
    huge = "9" * 30
    async with serve(_app(Files())) as http:
        for wanted, status, size in (
            (f"bytes={huge}-", 416, None),
            (f"bytes={huge}-{huge}", 416, None),
            (f"bytes=0-{huge}", 206, len(FILE)),
            (f"bytes=-{huge}", 206, len(FILE)),
            (f"bytes={'0' * 30}-{'0' * 30}5", 206, 6),
            ("bytes=-0", 416, None),
            ("bytes=-00", 416, None),
            ("bytes=" + "9" * 5000 + "-", 416, None),
        ):
            response = await http.get("/files/x", headers={**_signed(), "range": wanted})
            assert response.status_code == status, wanted[:60]
            assert size is None or len(response.content) == size


async def test_a_preflight_of_a_hub_is_told_the_hub_s_methods_beside_a_route_for_everything() -> None:
    """A route at the prefix `/` does not speak for the hubs."""

    async def nothing(_request: RouteRequest) -> HttpResponse:
        return HttpResponse(204)

    app = HubApp({PATH: EchoHub()}, authenticator=authority(), routes=[Route("/", nothing, prefix=True)])
    asks = {"origin": "http://localhost:8888", "access-control-request-method": "DELETE"}
    async with _plain_asgi(app) as http:
        answered = await http.options(PATH, headers=asks)
    assert answered.headers["access-control-allow-methods"] == "GET, POST, DELETE"


async def test_a_revoked_user_s_requests_end() -> None:
    """An upload gets 401 in its middle, an export that would never end is cut; others go on."""
    revocations = Revocations()
    files = Files()
    routes = [*files.routes(), Route("/mine", files.export, principal="required")]
    app = HubApp({PATH: EchoHub()}, authenticator=authority(), routes=routes, revocations=revocations)

    def head(line: str, user_id: str) -> bytes:
        return f"{line} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token(user_id)}\r\n".encode()

    async with _over_tcp(app) as http:
        reader, writer = await _bare(http)
        writer.write(head("GET /mine", "eve") + b"\r\n")
        await reader.readuntil(b"\r\n\r\n")
        sender, sending = await _bare(http)
        sending.write(head("POST /files", "eve") + b"Content-Length: 1000\r\n\r\nx")
        await eventually(lambda: files.received == 1)
        stays, staying = await _bare(http)
        staying.write(head("POST /files", "ann") + b"Content-Length: 1000\r\n\r\n")
        await eventually(lambda: files.uploads == 2)
        await revocations.revoke_user("eve")
        async with asyncio.timeout(PATIENCE):
            assert (await sender.readline()).startswith(b"HTTP/1.1 401")
            while await reader.read(PIECE):
                pass
            await files.export_ended.wait()
            staying.write(b"y" * 1000)
            assert (await stays.readline()).startswith(b"HTTP/1.1 201")
        for item in (writer, sending, staying):
            item.close()


async def test_an_expired_token_ends_what_it_asked_for() -> None:
    """A token that ends in the middle ends the request, before the body and within it."""
    files = Files()
    async with _over_tcp(_app(files)) as http:
        for body in (b"", b"x"):
            reader, writer = await _bare(http)
            short = f"Authorization: Bearer {token('eve', 2.0)}\r\nContent-Length: 9\r\n\r\n".encode()
            writer.write(b"POST /files HTTP/1.1\r\nHost: localhost\r\n" + short + body)
            async with asyncio.timeout(PATIENCE):
                assert (await reader.readline()).startswith(b"HTTP/1.1 401")
            writer.close()
    assert files.uploads == 2
