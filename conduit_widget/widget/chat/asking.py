"""The part of ``Chat`` that says and asks: what goes to the conversation, and the answers that come of it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Any, Final, TypeVar

from conduit_widget.access.defaults import defaults
from conduit_widget.chat_client.connectivity import PATIENCE
from conduit_widget.context.carrying import with_context
from conduit_widget.context.failure import last_error
from conduit_widget.context.gathering import context_of
from conduit_widget.context.mentions import ERROR
from conduit_widget.context.namespace import current_namespace
from conduit_widget.errors import ConnectionFailedError
from conduit_widget.kernel.loop_thread import LoopThread
from conduit_widget.types import ChatMessage, SendReceipt
from conduit_widget.widget.answers.answer import Answer
from conduit_widget.widget.answers.pending_answer import PendingAnswer
from conduit_widget.widget.answers.pending_result import PendingResult, check_timeout
from conduit_widget.widget.answers.question import user_message
from conduit_widget.widget.answers.stream import ChatStream
from conduit_widget.widget.attachments.sending import Moved, PendingFiles, contents_of, is_away, with_files
from conduit_widget.widget.attachments.sources import sources_of
from conduit_widget.widget.chat.backend import ChatBackend

_T = TypeVar("_T")

Context = Mapping[str, Any] | Iterable[Any] | object
"""What goes along with a question: values, names of variables, or values by name."""

Files = Iterable[Any] | object
"""What ``files=`` takes: one thing to send, or several."""

_NONE: Final[tuple[Any, ...]] = ()
_EXPLAIN: Final = "Why did this Python code of my notebook fail? Say it plainly, then what to change."


class ChatAsking:
    """``send``, ``ask``, ``stream``, ``explain`` and ``stop`` of a chat."""

    _thread: LoopThread

    @property
    def _backend(self) -> ChatBackend:
        raise NotImplementedError

    def _pending(self, what: str, coroutine: Coroutine[Any, Any, _T]) -> PendingResult[_T]:
        raise NotImplementedError

    def send(
        self,
        text: str,
        *,
        files: Files = _NONE,
        context: Context = _NONE,
        model: str | None = None,
        provider: str | None = None,
        respond: bool | None = None,
        **parameters: Any,
    ) -> PendingResult[SendReceipt]:
        """Send a message; the receipt comes after the hub has committed it.

        ``model`` and ``provider`` name who answers this message, see :attr:`providers`; ``respond`` overrides
        whether the model answers; ``context`` and parameters as for :meth:`ask`.

        ``files``, at most 10: paths, bytes, DataFrames, plots, or pairs of a name and one of them. They go up
        in the background, with a bar for whoever waits with ``result()``, over cuts and restarts of the hub;
        while it is away they are kept with the message::

            chat.send("This month's figures.", files=["sales.csv", df, ("plot.png", figure)]).result()
            chat.messages[-1].files[0].save("copy.csv")

        Raises:
            ValidationError: the text is empty or too long, the context cannot be described, or the hub has no
                provider of that name.

        """
        sources = sources_of(files)
        options = {"model": model, "provider": provider, "respond": respond, **parameters}
        message = _message(text, context, may_be_empty=bool(sources), **options)
        backend = self._backend
        if not sources:
            return self._pending("send", backend.questions.send(message, patience=PATIENCE))
        moved = Moved(sum(source.size for source in sources))

        async def send() -> SendReceipt:
            if not is_away(backend.conversation):
                try:
                    whole = await with_files(backend.files, backend.conversation, message, sources, moved)
                except ConnectionFailedError:
                    if not is_away(backend.conversation):
                        raise
                else:
                    return await backend.questions.send(whole, patience=PATIENCE)
            kept = await contents_of(sources)
            return await backend.questions.send(message, patience=PATIENCE, files=kept)

        return PendingFiles("send", self._thread, send(), moved)

    def ask(
        self,
        text: str,
        *,
        files: Files = _NONE,
        context: Context = _NONE,
        model: str | None = None,
        provider: str | None = None,
        timeout: float | None = None,
        **parameters: Any,
    ) -> PendingAnswer:
        """Send a question; the result is the finished answer (``.text``).

        ``model`` and ``provider`` name who answers this question: ``chat.providers`` lists both. A question
        that names its provider stays with it. ``parameters``: temperature, top_p, max_tokens, stop, seed,
        system_prompt. ``timeout`` in seconds; giving up (also by interrupting the cell) stops the generation.

        ``context`` is what the model reads beside the text: values, described as the composer's ``@name``
        does (tables by columns and sample rows, plots as pictures, errors with their code; secrets masked),
        names as the composer has them, or values by name::

            chat.ask("What stands out?", context=df)
            chat.ask("Why are they different?", context=["df", "Out[3]", "file:notes.txt"])
            chat.ask("And of these?", context={"first": a, "second": b})  # also in a script

        An ``@name`` in the text alone takes nothing along. ``files`` stay in the conversation, as for
        :meth:`send`; the model reads images and texts among them, and of the others their names.

        Raises (when awaited):
            InvocationTimeoutError: not finished in time.
            ProviderError: the model failed.
            ConduitError: what else went wrong, in one line.

        """
        check_timeout(timeout)
        sources = sources_of(files)
        options = {"model": model, "provider": provider, "respond": True, **parameters}
        message = _message(text, context, may_be_empty=bool(sources), **options)
        backend = self._backend

        async def ask(begun: Callable[[Answer], None]) -> ChatMessage:
            moved = Moved(sum(source.size for source in sources))
            whole = await with_files(backend.files, backend.conversation, message, sources, moved)
            return await backend.questions.ask(whole, timeout, begun)

        return PendingAnswer(self._thread, ask, lambda: backend.hindrance)

    def stream(
        self,
        text: str,
        *,
        files: Files = _NONE,
        context: Context = _NONE,
        model: str | None = None,
        provider: str | None = None,
        **parameters: Any,
    ) -> ChatStream:
        """Return an iterator over the answer's text (``async for``, ``for``); options of :meth:`ask`.

        While it is written, ``.metrics`` has its speed so far; afterwards ``.message`` is the whole answer::

            stream = chat.stream("Count from one to five.")
            for piece in stream:
                print(piece, end="")
            stream.metrics.tokens_per_second, stream.message.metadata["model"]
        """
        sources = sources_of(files)
        options = {"model": model, "provider": provider, "respond": True, **parameters}
        message = _message(text, context, may_be_empty=bool(sources), **options)
        backend = self._backend

        async def question() -> ChatMessage:
            moved = Moved(sum(source.size for source in sources))
            return await with_files(backend.files, backend.conversation, message, sources, moved)

        return ChatStream(self._thread, backend.questions, question)

    def explain(self, remark: str = "", **options: Any) -> PendingAnswer:
        """Ask why the newest error was raised: its code and traceback go along, secrets masked.

        ``remark`` says more; ``options`` as for :meth:`ask`::

            chat.explain()
            chat.explain("It worked yesterday.", temperature=0)

        Raises:
            ConduitError: nothing has failed yet.

        """
        last_error()
        return self.ask("\n\n".join(filter(None, [_EXPLAIN, remark])), context=ERROR, **options)

    def stop(self) -> PendingResult[None]:
        """Stop the answers being written in this conversation; the text so far is kept."""
        return self._pending("stop", _stop_all(self._backend))


def _message(text: str, context: Context, **options: Any) -> ChatMessage:
    """Build a message with its context; who answers is as configured where the call does not say."""
    configured = defaults()
    if options.get("model") is None and options.get("provider") is None:
        options.update(model=configured.model, provider=configured.provider)
    message = user_message(text, **options)
    if context is None or context == _NONE:
        return message
    return with_context(message, context_of(context, current_namespace(runs_cell=True)))


async def _stop_all(backend: ChatBackend) -> None:
    await backend.came_back()
    await backend.questions.stop_all()
