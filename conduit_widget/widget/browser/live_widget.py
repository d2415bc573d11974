"""What all widgets share: their browser part, their way to the loop thread, their end.

Threads: the constructor, ``close`` and the API run on the caller's thread and only hand over. Views' messages
arrive on the kernel's shell or subshell threads and are only handed over. What stands behind a widget lives
on the loop thread. Outside Jupyter everything works except being shown: there is no comm.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import os
from collections.abc import Callable, Coroutine
from typing import Any, ClassVar, Final, NoReturn, Protocol, TypeVar

import anywidget
import traitlets

from conduit_widget.errors import ConduitError, InvocationTimeoutError
from conduit_widget.kernel.cell_output import Bundle, widget_bundle
from conduit_widget.kernel.loop_thread import loop_thread
from conduit_widget.widget.browser.front_end import SILENT_MODULE, front_end, whole_module

_T = TypeVar("_T")

READ_TIMEOUT: Final = 5.0
CLOSE_TIMEOUT: Final = 2.0


class Behind(Protocol):
    """What stands behind a widget, on the loop thread."""

    def open(self) -> None:
        """Begin to connect."""

    def handle(self, content: object) -> None:
        """Act on a message of a view."""

    async def close(self) -> None:
        """Release everything."""


class LiveWidget(anywidget.AnyWidget):
    """A widget whose state lives on the loop thread.

    A subclass names its browser part in ``_part`` and itself, for people, in ``_noun``. It calls
    :meth:`_open` at the end of its constructor.
    """

    _part: ClassVar[str]
    _noun: ClassVar[str]
    _behind: Behind | None = None

    # What only the kernel sets is not taken from a view.
    _esm = traitlets.Unicode().tag(sync=True, from_json=lambda _value, widget: widget._esm, echo_update=False)

    def __init__(self, *, layout: Any = None, **traits: Any) -> None:
        super().__init__(**front_end(self._part), **traits, **({} if layout is None else {"layout": layout}))
        self._process = os.getpid()
        self._thread = loop_thread()

    def _open(self, behind: Behind) -> None:
        self._behind = behind
        self._thread.call(behind.open)
        self.on_msg(_hand_over)

    def _name_call(self) -> str:
        """Return the call that makes such a widget; the same in every run."""
        return f"{type(self).__name__}()"

    # ---- crossing to the loop thread -------------------------------------------------------------------

    def _live(self) -> Any:
        """Return what stands behind this widget.

        Raises:
            ConduitError: the widget is closed, or is a fork's copy.

        """
        if self._behind is None:
            raise ConduitError(f"This {self._noun} is closed: create a new one.")
        if self._process != os.getpid():
            raise ConduitError(
                f"This {self._noun} was made in another process: create {self._name_call()} in this one."
            )
        return self._behind

    def _call(self, function: Callable[[], _T]) -> _T:
        """Return ``function()``, called on the loop thread: the state there has one writer."""

        async def call() -> _T:
            return function()

        return function() if self._thread.is_current else self._wait(call())

    def _wait(self, reading: Coroutine[Any, Any, _T]) -> _T:
        """Wait for something that takes a moment only.

        Raises:
            InvocationTimeoutError: the loop thread is busy with something else.

        """
        try:
            return self._thread.submit(reading).result(READ_TIMEOUT)
        except concurrent.futures.TimeoutError:
            raise InvocationTimeoutError(f"reading the {self._noun}", READ_TIMEOUT) from None

    # ---- display and end -------------------------------------------------------------------------------

    def _view_bundle(self) -> Bundle:
        return widget_bundle(self._name_call(), self.model_id)

    def _get_embed_state(self, drop_defaults: bool = False) -> dict[str, Any]:
        """Return what a document keeps of the widget: never the browser part."""
        state: dict[str, Any] = super()._get_embed_state(drop_defaults=drop_defaults)
        state["state"]["_esm"] = SILENT_MODULE
        return state

    def _refuse_copy(self, *_: Any) -> NoReturn:
        raise ConduitError(
            f"A {self._noun} is a live connection and cannot be copied or pickled: "
            f"create {self._name_call()} there."
        )

    __copy__ = __deepcopy__ = __reduce_ex__ = _refuse_copy

    def __repr__(self) -> str:
        return self._name_call() + ("" if self._behind is not None else " (closed)")

    def close(self) -> None:
        """Release everything: views, comm, connection. Closing twice does no harm."""
        behind, self._behind = self._behind, None
        if behind is not None:
            if self._process != os.getpid():
                return  # a fork's copy: the connection and the comm are the parent's
            self.on_msg(_hand_over, remove=True)
            with contextlib.suppress(RuntimeError):  # the loop is gone at the interpreter's end
                self._wait_briefly(self._thread.submit(behind.close()))
        comm = self.comm
        if comm is not None:  # a constructor that failed has none, and asking for its layout would make one
            self.layout.close()
            comm.on_msg(None)
        super().close()

    def _wait_briefly(self, future: concurrent.futures.Future[None]) -> None:
        """Let the last comm message leave before the comm closes; never wait on the loop thread itself."""
        if not self._thread.is_current:
            with contextlib.suppress(TimeoutError, concurrent.futures.CancelledError):
                future.result(CLOSE_TIMEOUT)


def _hand_over(widget: LiveWidget, content: object, buffers: object) -> None:
    """Pass a view's message on to the loop thread; called on a shell or subshell thread."""
    if content == {"kind": "inline"}:  # this page's server does not have the browser part
        widget._esm = whole_module(widget._part)
        return
    behind = widget._behind
    if behind is not None:
        if buffers and isinstance(content, dict):
            content = {**content, "buffers": buffers}
        widget._thread.call(behind.handle, content)
