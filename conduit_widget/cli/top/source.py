"""Where ``conduit-widget top`` reads a hub's figures, and what it says where it cannot read them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx2
import msgspec

from conduit_widget.cli.arguments import UsageError
from conduit_widget.contract import CHAT_HUB_PATH, FIGURES_PATH
from conduit_widget.errors import AuthenticationError, ConduitError, ConnectionFailedError
from conduit_widget.hub.metrics.figures import Figures
from conduit_widget.runtime_file import default_data_dir, read_runtime

TIMEOUT: Final = 5.0
MAX_BYTES: Final = 1024 * 1024
_MAKE_ONE: Final = (
    "On the hub's machine `conduit-widget key create NAME --role operator` makes a key; "
    "give it with CONDUIT_HUB_TOKEN or --token."
)


class FiguresSource:
    """A hub's figures: of ``url``, of a data directory, of ``CONDUIT_HUB_URL``, or of the local hub.

    The runtime file of a data directory is read anew each time, for a hub may move.
    """

    def __init__(self, url: str | None, data_dir: Path | None, token: str | None) -> None:
        self._url: str | None = None
        self._data_dir = data_dir or default_data_dir()
        self._token = (token or os.environ.get("CONDUIT_HUB_TOKEN") or "").strip()
        self.shown = str(self._data_dir)
        if url is None and data_dir is None and (given := os.environ.get("CONDUIT_HUB_URL")):
            url = given
        if url is not None:
            self._url = self.shown = _base_of(url)
        if not all("!" <= char <= "~" for char in self._token):
            raise AuthenticationError(f"The token given is none: it has to be one ASCII word. {_MAKE_ONE}")

    def read(self, since: str = "") -> Figures:
        """Read the figures, with what is new ``since`` the reading of that name.

        Raises:
            AuthenticationError: the hub wants an operator's token.
            ConnectionFailedError: no hub answers there, or one that serves no figures.

        """
        url = self._url
        if url is None:
            runtime = read_runtime(self._data_dir)
            if runtime is None:
                raise ConnectionFailedError(
                    f"No hub runs for {self._data_dir}: start `conduit-widget serve`, or give a URL."
                )
            url = runtime.url
        try:
            status, body = self._get(url.rstrip("/") + FIGURES_PATH, {"since": since} if since else {})
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, UnicodeError) as error:
            raise ConnectionFailedError(
                f"No hub answers at {self.shown} ({type(error).__name__}): "
                "start it with `conduit-widget serve`, or check the address."
            ) from None
        if status in {401, 403}:
            raise AuthenticationError(self._refusal(status), status)
        try:
            if status != 200:
                raise ValueError  # noqa: TRY301 - the same answer as for what is no figures
            return msgspec.json.decode(body, type=Figures)
        except ValueError:
            raise ConnectionFailedError(
                f"What answers at {self.shown} serves no figures (HTTP {status}): check the address;"
                " a hub older than this program serves none."
            ) from None

    def _refusal(self, status: int) -> str:
        if status == 403:
            return f"The hub shows its figures to operators only, and this token's user is none. {_MAKE_ONE}"
        if self._token:
            return f"The hub does not accept this token: it may have expired. {_MAKE_ONE}"
        return f"The hub shows its figures to operators only. {_MAKE_ONE}"

    def _get(self, url: str, query: dict[str, str]) -> tuple[int, bytes]:
        body = bytearray()
        trust_env = self._url is not None and url.startswith("https")
        # Not compressed: the limit is one of what arrives.
        headers = {"Accept-Encoding": "identity"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        with (
            httpx2.Client(timeout=TIMEOUT, trust_env=trust_env) as http,
            http.stream("GET", url, params=query, headers=headers) as response,
        ):
            for data in response.iter_raw():
                body += data
                if len(body) > MAX_BYTES:
                    raise ConduitError(f"The figures at {self.shown} are larger than {MAX_BYTES} bytes.")
        return response.status_code, bytes(body)


def _base_of(url: str) -> str:
    """Return a hub's base address, of the address of its chat hub too; what else is in it is not repeated."""
    try:
        parts = urlsplit(url.strip())
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    scheme = {"ws": "http", "wss": "https"}.get(parts.scheme, parts.scheme)
    if scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
        raise UsageError("The hub's address must be http://HOST:PORT or https://HOST:PORT.")
    return f"{scheme}://{parts.netloc}{parts.path.rstrip('/').removesuffix(CHAT_HUB_PATH)}"
