"""The browser parts as they were when the server began: an upgrade under it changes no address's content."""

from __future__ import annotations

import gzip

from conduit_widget.widget.browser.build import build_parts, hash_of


class Parts:
    """All modules and chunks of the build, in memory: about 1.5 MB."""

    def __init__(self) -> None:
        self._files = build_parts()
        self.hash = hash_of(self._files)
        self._compressed: dict[str, bytes] = {}

    def get(self, name: str) -> bytes | None:
        """Return a part as it was built; None if there is none of this name."""
        return self._files.get(name)

    def compressed(self, name: str) -> bytes:
        """Return a module compressed with gzip, each once."""
        if name not in self._compressed:
            self._compressed[name] = gzip.compress(self._files[name], mtime=0)
        return self._compressed[name]
