"""Client-to-server streams: asynchronous iterables among an invocation's arguments.

Each is announced by a stream id and pumped beside the invocation: ``StreamItem`` for every item, then
``Completion``. Back-pressure: no item is asked for before the last one found room in the outgoing buffer.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterable, Sequence
from typing import Any

from conduit_widget.client.link import Link
from conduit_widget.errors import ConnectionLostError, HubException, LocalProtocolError
from conduit_widget.protocol.messages import Completion, StreamItem

_logger = logging.getLogger(__name__)


def split_streams(arguments: Sequence[Any]) -> tuple[list[Any], list[AsyncIterable[Any]]]:
    """Return the plain arguments and the streams, each in order."""
    plain: list[Any] = []
    sources: list[AsyncIterable[Any]] = []
    for argument in arguments:
        (sources if isinstance(argument, AsyncIterable) else plain).append(argument)
    return plain, sources


class Uploads:
    """The streams of one invocation. Used once: :meth:`start` after it was sent, then :meth:`stop`."""

    def __init__(self, link: Link, sources: Sequence[AsyncIterable[Any]], stream_ids: list[str]) -> None:
        self._link = link
        self._sources = sources
        self._ids = stream_ids
        self._tasks: list[asyncio.Task[None]] = []
        self._lost = False

    @property
    def stream_ids(self) -> list[str] | None:
        """The stream ids that the invocation announces; None without streams."""
        return self._ids or None

    def start(self) -> None:
        """Start to send the items of every stream."""
        loop = asyncio.get_running_loop()
        for stream_id, source in zip(self._ids, self._sources, strict=True):
            self._tasks.append(loop.create_task(self._pump(stream_id, source)))

    async def finished(self) -> None:
        """Wait until every stream was handed to the network.

        Raises:
            ConnectionLostError: the connection ended first.

        """
        running = set(self._tasks)
        while running:
            waiting: list[asyncio.Future[Any]] = [*running, self._link.ended]
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            running = {task for task in running if not task.done()}
            if self._lost or (running and self._link.end is not None):
                raise ConnectionLostError("The connection to the hub ended before the streams were sent.")

    async def stop(self, *, tell_hub: bool) -> None:
        """Cancel the streams that still run and close their sources; ``tell_hub`` unless it has answered."""
        if not self._tasks:
            return
        tasks = zip(self._tasks, self._ids, strict=True)
        running = [(task, stream_id) for task, stream_id in tasks if not task.done()]
        for task, _ in running:
            task.cancel()
        await asyncio.wait(self._tasks)
        for _, stream_id in running if tell_hub else ():
            with contextlib.suppress(ConnectionLostError):
                self._link.send(Completion(stream_id, error="The client cancelled the stream."))

    async def _pump(self, stream_id: str, source: AsyncIterable[Any]) -> None:
        items = aiter(source)
        error: str | None = None
        try:
            async for item in items:
                self._link.send(StreamItem(stream_id, item))
                await self._link.drain()
        except ConnectionLostError:
            self._lost = True
            return
        except HubException as refusal:  # its text is meant for people
            error = str(refusal)
        except LocalProtocolError as failure:
            _logger.error("an item of a stream cannot be sent: %s", failure)  # noqa: TRY400 - it says it all
            error = "The client's stream failed."
        except Exception:
            _logger.exception("a stream to the hub failed")
            error = "The client's stream failed."
        finally:
            close = getattr(items, "aclose", None)
            if close is not None:
                await close()
        with contextlib.suppress(ConnectionLostError):
            self._link.send(Completion(stream_id, error=error))
