"""The build of the browser parts: where it is, what is in it, and its name."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

STATIC: Final = Path(__file__).parents[2] / "static"

SERVED_VARIABLE: Final = "CONDUIT_STATIC"
"""The build that the Jupyter server serves; its extension tells its kernels."""

SHARED_VARIABLE: Final = "CONDUIT_SHARED"
"""Set where several people use the kernels of the Jupyter server; its extension tells its kernels."""

HASH_CHARS: Final = 16
_PARTS: Final = (".js", ".chunk.gz")


def build_parts(folder: Path = STATIC) -> dict[str, bytes]:
    """Return the modules and the lazy chunks of the build, by file name."""
    return {path.name: path.read_bytes() for path in folder.glob("*") if path.name.endswith(_PARTS)}


def hash_of(parts: dict[str, bytes]) -> str:
    """Return the name of a build: what is served under it never changes."""
    digest = hashlib.sha256()
    for name, content in sorted(parts.items()):
        digest.update(name.encode() + b"\0" + hashlib.sha256(content).digest())
    return digest.hexdigest()[:HASH_CHARS]
