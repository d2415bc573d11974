"""A hub to measure: the real chat on a real history file, without a model, its rates and counts lifted.

``python -m tests.load.bench.own_hub DATA_DIR`` prints its URL; the key it accepts is in ``DATA_DIR``.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from conduit_widget.app.interpreter import tune_for_hub
from conduit_widget.chat.chat import build_chat
from conduit_widget.chat.history.sqlite.store import SqliteHistoryStore
from conduit_widget.chat.settings import ChatSettings
from conduit_widget.contract import CHAT_HUB_PATH
from conduit_widget.errors import ProviderError
from conduit_widget.hub.app import HubApp
from conduit_widget.hub.auth.local_authority import LocalAuthority
from conduit_widget.hub.auth.secret_file import load_or_create_secrets
from conduit_widget.hub.limits.hub_limits import HubLimits
from conduit_widget.hub.server import serve
from conduit_widget.providers.limits.prices import Price
from conduit_widget.providers.outcome import GenerationOutcome
from conduit_widget.providers.provider import Provider
from conduit_widget.types import ProviderExplanation, ProviderQuestion, ProviderStatus

KEY_FILE: Final = "bench.key"
_PLENTY: Final = 1_000_000


class NoProviders:
    """A directory without a model: nothing is answered."""

    def select(self, provider: str | None, model: str | None, *, failover: bool | None = None) -> Provider:
        """Refuse."""
        raise ProviderError("There is no model here.", type="model_not_found")

    def price(self, provider: str) -> Price | None:
        """Nobody has said."""
        return None

    def record(self, outcome: GenerationOutcome) -> None:
        """Nothing is ever generated."""

    def explain(self, question: ProviderQuestion) -> ProviderExplanation:
        """Nothing to explain."""
        return ProviderExplanation(provider=None, providers=[])

    def statuses(self) -> list[ProviderStatus]:
        """Return nothing."""
        return []

    def on_change(self, callback: Callable[[ProviderStatus], None]) -> Callable[[], None]:
        """Nothing ever changes."""
        return lambda: None


async def run(data_dir: Path) -> None:
    """Serve until SIGTERM."""
    secret, *previous = load_or_create_secrets(data_dir / KEY_FILE)
    settings = ChatSettings(assistant="off", joins_per_minute=0, messages_per_minute=0)
    chat = build_chat(SqliteHistoryStore(data_dir / "history.sqlite3"), NoProviders(), settings)

    app = HubApp(
        {CHAT_HUB_PATH: chat.chat_hub},
        authenticator=LocalAuthority(secret, previous),
        limits=HubLimits(
            invocations_per_second=_PLENTY,
            invocation_burst=_PLENTY,
            connections_per_user=_PLENTY,
            connections_per_process=_PLENTY,
            negotiates_per_minute=0,
        ),
        lifespan=chat.lifespan,
    )
    await serve(app, on_ready=lambda url: print(url, flush=True))


def main() -> None:
    """Run."""
    tune_for_hub()
    asyncio.run(run(Path(sys.argv[1])))


if __name__ == "__main__":
    main()
