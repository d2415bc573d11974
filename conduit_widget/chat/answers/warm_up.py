"""Makes the default provider ready before the first question: a local model takes a second or two to load."""

from __future__ import annotations

import asyncio
import logging

from conduit_widget.chat.answers.generation_job import ProviderChoice
from conduit_widget.errors import ProviderError

_logger = logging.getLogger(__name__)


class WarmUp:
    """Starts the provider a question would go to, in the background, one start at a time."""

    def __init__(self, providers: ProviderChoice) -> None:
        self._providers = providers
        self._task: asyncio.Task[None] | None = None

    def request(self) -> None:
        """Make the provider ready, unless that is in progress. Cheap when it is ready."""
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._start(), name="provider-warm-up")

    async def close(self) -> None:
        """Cancel a start in progress."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait({task})

    async def _start(self) -> None:
        try:
            await self._providers.select(None, None).start()
        except ProviderError as error:
            # The first question will tell people.
            _logger.debug("The provider could not be made ready: %s", error)
