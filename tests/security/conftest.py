"""Whatever a security test does: no line of any log of the hub holds a credential."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator

import pytest

# Other people's loggers: the test's own clients print what they send.
_CLIENTS = ("httpx2", "httpcore2", "websockets.client", "filelock", "asyncio", "tests")
_SECRET = re.compile(
    r"eyJ[\w-]{8,}\.[\w-]*|condt_[\w-]{8,}|(?:access_token|api_key)=(?!\[redacted\])[^\s&\"]{4,}"
    r"|[Bb]earer (?!\[redacted\])[\w-]{20,}"
)


class _Everything(logging.Handler):
    """Keeps every line as a plain formatter writes it, tracebacks included."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.lines: list[str] = []
        self.setFormatter(logging.Formatter("%(name)s %(levelname)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        if not record.name.startswith(_CLIENTS):
            self.lines.append(self.format(record))


@pytest.fixture(autouse=True)
def no_credential_in_any_log() -> Iterator[list[str]]:
    """Log everything, of every logger; fail the test if a line holds a token or a key. Yields the lines."""
    handler, root = _Everything(), logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield handler.lines
    finally:
        root.removeHandler(handler)
        root.setLevel(before)
    leaking = [line for line in handler.lines if _SECRET.search(line)]
    assert not leaking, f"{len(leaking)} log lines hold a credential, the first of {leaking[0].split()[0]}"
