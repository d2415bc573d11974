"""Joining and resuming without a gap: subscribe, buffer, read, merge, go live.

While a join or resume is under way, live events are held back; they are applied after its result, where their
positions tell what the result already contained. Only one runs at a time; a request that comes meanwhile is
served after it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final

from conduit_widget.back_off import BackOff
from conduit_widget.chat_client.hub_proxies import ChatHubClient
from conduit_widget.chat_client.pacing import LONGEST_REST, JoinPace, is_rate_refusal
from conduit_widget.chat_client.state.changes import Change
from conduit_widget.chat_client.state.transcript import Transcript
from conduit_widget.contract import ErrorText
from conduit_widget.errors import ConduitError, ConnectionLostError, HubException, trace_of

MAX_BUFFERED_EVENTS: Final = 2000
RESYNC_DELAY: Final = 2.0
NOT_YET: Final = "There is nothing to read here yet. It opens by itself once somebody has written."

# Refusals of a join that may be gone in a moment.
_PASSING: Final = (
    ErrorText.RATE_LIMIT,
    ErrorText.TIMED_OUT,
    ErrorText.DISK_FULL,
    ErrorText.CANCELLED,
    ErrorText.UNEXPECTED.partition("{")[0],
)

_logger = logging.getLogger(__name__)


class Synchronizer:
    """Keeps one transcript in step with the hub.

    Args:
        hub: where to join.
        transcript: what to keep in step.
        spawn: starts a task that ends with the conversation.
        synced: told when the transcript is up to date, with the changes of the result and the events that
            were held back.
        refused: told when the hub does not let us in.
        delayed: told which attempt failed, after how many seconds it is tried again, and why.
        pace: spaces the joins and resumes of one connection.
        delay: seconds before a join that got no answer is tried again.
        awaits: told why, when a join that is refused is tried again quietly: whoever may only read makes no
            conversation, and waits for somebody to begin it. None for whoever may write.

    """

    def __init__(
        self,
        hub: ChatHubClient,
        transcript: Transcript,
        *,
        spawn: Callable[[Coroutine[Any, Any, None]], object],
        synced: Callable[[list[Change], list[tuple[str, Sequence[Any]]]], None],
        refused: Callable[[HubException], None],
        delayed: Callable[[int, float, Exception], None],
        pace: JoinPace,
        delay: float = RESYNC_DELAY,
        awaits: Callable[[str], None] | None = None,
    ) -> None:
        self._hub = hub
        self._transcript = transcript
        self._spawn = spawn
        self._synced = synced
        self._refused = refused
        self._delayed = delayed
        self._pace = pace
        self._delay = delay
        self._awaits = awaits
        self._not_yet = BackOff(delay, LONGEST_REST)
        self._failures = 0
        self._skip_wait = asyncio.Event()
        self._wanted = False
        self._running = False
        self.held: list[tuple[str, Sequence[Any]]] | None = None
        """The events held back; None while no join or resume is under way."""

    @property
    def is_running(self) -> bool:
        """Whether a join or resume is under way, or waits to be tried again."""
        return self._running

    def request(self) -> None:
        """Join or resume; a request during another one is served after it."""
        self._wanted = True
        if not self._running:
            self._running = True
            self._spawn(self._run())

    def retry_now(self) -> None:
        """Skip the present wait before the next attempt, if there is one; later ones begin anew."""
        self._not_yet.reset()
        self._skip_wait.set()

    def hold(self, target: str, arguments: Sequence[Any]) -> None:
        """Hold an event back until the join or resume under way has its result.

        Overflow policy: with :data:`MAX_BUFFERED_EVENTS` held back they are forgotten and asked for again.
        """
        if self.held is not None and len(self.held) < MAX_BUFFERED_EVENTS:
            self.held.append((target, arguments))
        else:
            self.held = []
            self._wanted = True

    async def _run(self) -> None:
        try:
            while self._wanted:
                await self._pace.turn()
                self._wanted = False
                await self._synchronize()
        finally:
            self._running = False
            self.held = None

    async def _synchronize(self) -> None:
        self.held = []
        try:
            changes = await self._join_or_resume()
        except ConnectionLostError:
            return  # the reconnect asks again
        except Exception as error:  # noqa: BLE001 - also what a snapshot that makes no sense raises
            if (
                self._awaits is not None
                and str(error) == ErrorText.UNAUTHORIZED
                and not self._transcript.joined
            ):
                self._awaits(NOT_YET)
                await self._wait(self._not_yet.next_delay())
            elif isinstance(error, HubException) and not str(error).startswith(_PASSING):
                self._refused(error)
                return
            else:
                await self._wait_after(error)
            self._wanted = True
            return
        self._failures = 0
        self._not_yet.reset()
        self._pace.accepted()
        held, self.held = self.held or [], None
        self._synced(changes, held)

    async def _wait_after(self, error: Exception) -> None:
        """Report why the join failed, and wait before the next attempt."""
        self._failures += 1
        delay = self._pace.refused_for_rate() if is_rate_refusal(error) else self._delay
        if not isinstance(error, ConduitError):
            _logger.warning("What the hub answered to a join was not understood: %s", trace_of(error))
            error = ConduitError(f"The hub's answer to the join was not understood ({type(error).__name__}).")
        elif not is_rate_refusal(error):
            _logger.warning("Joining failed, trying again in %g s: %s", round(delay, 3), error)
        self._delayed(self._failures, delay, error)
        await self._wait(delay)

    async def _wait(self, delay: float) -> None:
        self._skip_wait.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(delay):
                await self._skip_wait.wait()

    async def _join_or_resume(self) -> list[Change]:
        transcript = self._transcript
        if transcript.epoch:
            resume = await self._hub.resume_conversation(
                transcript.conversation_id, transcript.epoch, transcript.seq
            )
            if resume is not None:
                changes = transcript.apply_resume(resume)
                if not transcript.needs_resync:
                    return changes
        join = await self._hub.join_conversation(transcript.conversation_id)
        if join is None:  # a hub with only the seed's methods: what comes from now on is all there is
            transcript.joined, transcript.needs_resync = True, False
            return []
        self._pace.allow(join.limits.invocations_per_second)
        return transcript.apply_join(join)
