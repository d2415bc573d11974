"""A package with a kind of providers, installed the way pip leaves one: a module and a ``.dist-info``."""

from __future__ import annotations

from pathlib import Path
from typing import Final

KIND: Final = "parrot"
BROKEN_KIND: Final = "gone"
_MODULE: Final = """
import asyncio

from conduit_widget.errors import ProviderError
from conduit_widget.providers import Chunk, ProviderKind, Usage


class Parrot:
    def __init__(self, config, context):
        self.name = config.name
        self.context_tokens = config.context_tokens
        self.words = config.options.get("words", "I say what you say").split()
        self.closed = False

    async def generate(self, request):
        if self.closed:
            raise ProviderError("The parrot has flown.", code="closed", recoverable=False)
        for word in self.words:
            await asyncio.sleep(0)
            yield Chunk(word + " ", "polly", provider="polly-1")
        yield Chunk("", "polly", "stop", Usage(1, len(self.words)), provider="polly-1")

    async def models(self):
        return ["polly"]

    async def start(self):
        pass

    async def aclose(self):
        self.closed = True


KIND = ProviderKind(build=Parrot, note="A parrot.")
"""


def install(folder: Path) -> str:
    """Install it into ``folder`` and return what belongs on ``sys.path``; one of its two kinds is broken."""
    metadata = folder / "parrot_models-1.0.dist-info"
    metadata.mkdir(parents=True)
    (folder / "parrot_models.py").write_text(_MODULE)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: parrot-models\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(
        f"[conduit_widget.providers]\n{KIND} = parrot_models:KIND\n{BROKEN_KIND} = parrot_models.gone:KIND\n"
    )
    return str(folder)
