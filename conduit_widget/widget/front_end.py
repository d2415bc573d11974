"""The browser parts of the widgets: one ES module each, built from ``js/`` as ``js/entries.json`` says."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from conduit_widget.errors import FrontEndMissingError

STATIC: Final = Path(__file__).parents[1] / "static"

# In a saved document there is no kernel: the transcript beside it speaks, the view shows nothing.
SILENT_MODULE: Final = "export default { render({ el }) { el.style.display = 'none'; } };"

HASH_CHARS: Final = 16

_read: dict[Path, tuple[int, str]] = {}  # all widgets of one class in the process share one text


def front_end(name: str) -> dict[str, str]:
    """Return the traits that carry a widget's browser part: ``_esm``, and ``_css`` where it has such a file.

    A file is read again when a new build has replaced it. Example: ``super().__init__(**front_end("chat"))``.

    Raises:
        FrontEndMissingError: it was not built.

    """
    try:
        traits = {"_esm": _text(STATIC / f"{name}.js")}
    except OSError:
        raise FrontEndMissingError(
            "The widget's browser part is not built: run `pip install .` (or `npm run build` in js/)."
        ) from None
    style = STATIC / f"{name}.css"
    return {**traits, "_css": _text(style)} if style.exists() else traits


def build_hash() -> str:
    """Return the hash of all files of the build: what stands under it never changes."""
    digest = hashlib.sha256()
    for path in sorted(STATIC.glob("*")):
        if path.is_file():
            digest.update(path.name.encode() + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:HASH_CHARS]


def _text(path: Path) -> str:
    modified = path.stat().st_mtime_ns
    known = _read.get(path)
    if known is None or known[0] != modified:
        known = _read[path] = (modified, path.read_text(encoding="utf-8"))
    return known[1]
