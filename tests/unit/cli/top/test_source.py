"""Where ``top`` reads, and what it says of an address that serves no figures."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator

import pytest

from conduit_widget.cli.top.source import FiguresSource
from conduit_widget.errors import ConnectionFailedError


class _Answer(http.server.BaseHTTPRequestHandler):
    """Another program, or an older hub: ``/figures`` of a path answers as that path says."""

    def do_GET(self) -> None:
        """Answer."""
        kind = self.path.split("/")[1]
        self.send_response(404 if kind == "older" else 200)
        self.end_headers()
        self.wfile.write({"older": b"", "page": b"<html>", "other": b'{"status": "ok"}'}[kind])

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Stay silent."""


@pytest.fixture
def stranger() -> Iterator[str]:
    """Yield the address of a server that is no hub."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("kind", ["older", "page", "other"])
def test_what_serves_no_figures_is_told_in_one_line(stranger: str, kind: str) -> None:
    """An older hub without the page, a web site, and other JSON: the line names address and remedy."""
    with pytest.raises(ConnectionFailedError) as caught:
        FiguresSource(f"{stranger}/{kind}", None, None).read()
    line = str(caught.value)
    assert stranger in line
    assert "older" in line
    assert "check the address" in line
    assert "\n" not in line
