"""The error tree. Callers match types; each error carries fields and computes its one-line text.

::

    ConduitError
    ├── ProtocolError
    │   ├── LocalProtocolError        we did something the protocol forbids
    │   └── RemoteProtocolError       the peer did
    │       └── MessageTooLargeError
    ├── ConnectionFailedError         no connection could be made
    │   ├── AuthenticationError       the hub refused the token
    │   └── TransportRefusedError     the hub answered a transport with an HTTP status that is no success
    ├── ConnectionLostError           the connection ended with work pending
    │   └── NotSentError              there is none, and nothing has left this process
    ├── StreamOverflowError           a reader of a stream was too far behind
    ├── HubException                  the hub refused an invocation; the text is for people
    │   ├── ValidationError           a field is over its limit or of the wrong kind
    │   ├── FileLimitError            a file, or a user's files together, exceed a limit
    │   └── StoreUnavailableError     the conversation store cannot be used at present
    │       └── StoreFullError        there is no room on its disk
    ├── InvocationTimeoutError        the hub gave no answer in time
    ├── NotInHistoryError             a store has no such conversation or message (also a LookupError)
    ├── BackplaneUnavailableError     the engine between the nodes of a hub cannot be reached
    ├── BodyTooLargeError             a request to a route of the hub exceeds its limit
    ├── ClientGoneError               the client of a route left in the middle of its request
    ├── ProviderError                 a model provider failed
    ├── ModelInstallError             the local model could not be fetched or verified
    ├── HubStartError                 the local hub could not be started
    │   ├── AddressUnusableError      because it cannot listen at its address
    │   └── SettingsError             because of a setting, a variable or a file it was given
    └── FrontEndMissingError          the browser part was not built
"""

from __future__ import annotations

import errno
import traceback
from pathlib import PurePath
from typing import ClassVar, Final

import msgspec

from conduit_widget.contract import ErrorText
from conduit_widget.text.plain_text import shown
from conduit_widget.types import ErrorType

UNREADABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What decoding somebody else's bytes may raise: not the format, not the type, not UTF-8, too deep."""


class ConduitError(Exception):
    """Root of every error this package raises on purpose."""

    def _render_traceback_(self) -> list[str]:
        """Show one line in a notebook (IPython's hook): our frames would bury what to do next."""
        return [f"\x1b[31m{type(self).__name__}\x1b[39m: {shown(str(self))}"]


class ProtocolError(ConduitError):
    """The hub protocol was broken by one of the two sides."""


class LocalProtocolError(ProtocolError):
    """We tried something the protocol does not allow in the present state."""


class RemoteProtocolError(ProtocolError):
    """The peer sent something the protocol does not allow."""


class MessageTooLargeError(RemoteProtocolError):
    """A record exceeds the size limit (both in bytes)."""

    def __init__(self, size_bytes: int, limit_bytes: int) -> None:
        self.size_bytes = size_bytes
        self.limit_bytes = limit_bytes
        super().__init__(f"A message of {size_bytes} bytes exceeds the limit of {limit_bytes} bytes.")


class ConnectionFailedError(ConduitError):
    """No connection could be made."""


class AuthenticationError(ConnectionFailedError):
    """The hub refused the token (HTTP 401 or 403).

    ``reason`` says to the hub's operator, in a fixed text without any part of the token, which check failed;
    it is never sent.
    """

    def __init__(self, text: str, status_code: int = 401, *, reason: str = "") -> None:
        self.status_code = status_code
        self.reason = reason
        super().__init__(text)


class TransportRefusedError(ConnectionFailedError):
    """The hub answered, with an HTTP status that is no success (and neither 401 nor 403)."""

    def __init__(self, what: str, status_code: int) -> None:
        self.status_code = status_code
        super().__init__(f"The hub refused the {what} with HTTP {status_code}.")


class StreamOverflowError(ConduitError):
    """A reader let more than ``limit`` items of a stream pile up; the stream was cancelled."""

    def __init__(self, target: str, limit: int) -> None:
        self.target = target
        self.limit = limit
        super().__init__(f"The stream {target} was cancelled: its reader was {limit} items behind.")


class ConnectionLostError(ConduitError):
    """The connection ended while an invocation or stream was pending."""


class NotSentError(ConnectionLostError):
    """There is no connection, and nothing of what was asked has left this process."""


class HubException(ConduitError):  # noqa: N818 - the name SignalR gives it
    """The hub refused an invocation; the text is meant for people.

    ``kind`` is the word the metrics count it by.
    """

    kind: ClassVar[str] = "refused"


class InvocationTimeoutError(ConduitError):
    """An invocation got no completion in time (seconds)."""

    def __init__(self, target: str, timeout: float) -> None:
        self.target = target
        self.timeout = timeout
        super().__init__(f"{target}: no answer within {timeout:g} s.")


class ValidationError(HubException):
    """A field is over its limit or of the wrong kind; never echoes the content."""

    def __init__(self, field: str, problem: str) -> None:
        self.field = field
        self.problem = problem
        super().__init__(f"{field}: {problem}")


class StoreUnavailableError(HubException):
    """The conversation store cannot be used at present; nothing was acknowledged, a retry is safe."""

    kind = "unavailable"

    def __init__(self, text: str = ErrorText.TIMED_OUT) -> None:
        super().__init__(text)


class StoreFullError(StoreUnavailableError):
    """The disk of the conversation store is full; a retry works once there is room."""

    def __init__(self) -> None:
        super().__init__(ErrorText.DISK_FULL)


class FileLimitError(HubException):
    """A file, or all files of a user, would exceed a limit; the text names it."""

    kind = "limited"


class NotInHistoryError(ConduitError, LookupError):
    """The conversation or message is not stored."""


class BackplaneUnavailableError(ConduitError):
    """The engine behind the backplane cannot be reached at present; a retry may work."""


class BodyTooLargeError(ConduitError):
    """The body of a request exceeds the limit (bytes)."""

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        super().__init__(f"The request's body exceeds the limit of {limit_bytes} bytes.")


class ClientGoneError(ConduitError):
    """The client left before its request was complete."""

    def __init__(self) -> None:
        super().__init__("The client left before its request was complete.")


class ProviderError(ConduitError):
    """A model provider failed; ``retry_after`` in seconds."""

    def __init__(
        self,
        text: str,
        *,
        type: ErrorType = "server_error",  # noqa: A002 - the wire's own word
        code: str | None = None,
        status_code: int | None = None,
        retry_after: float | None = None,
        recoverable: bool = True,
        suggestions: tuple[str, ...] = (),
    ) -> None:
        self.type: ErrorType = type
        self.code = code
        self.status_code = status_code
        self.retry_after = retry_after
        self.recoverable = recoverable
        self.suggestions = suggestions
        super().__init__(text)


class ModelInstallError(ConduitError):
    """The local model could not be fetched or verified."""


class HubStartError(ConduitError):
    """The local hub could not be started."""


class AddressUnusableError(HubStartError):
    """The hub cannot listen at its address: another program does, or the address is not this machine's."""


class SettingsError(HubStartError):
    """A setting, a variable or a file the hub was given cannot be used; the text names it and the remedy."""


class FrontEndMissingError(ConduitError):
    """The browser part of the widget was not built."""


def line_of(error: BaseException | None) -> str:
    """Return one line for people: an error's own text where it is ours, else only its type.

    The texts of others may quote what they choked on: a header, a token, content.
    """
    if error is None:
        return ""
    if not isinstance(error, ConduitError):
        return type(error).__name__
    return next(iter(str(error).splitlines()), "") or type(error).__name__


def trace_of(error: BaseException, frames: int = 8) -> str:
    """Return an error's type, its code where it has one, and where it was raised, innermost first.

    Its text is left out: it may hold content.
    """
    parts: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(parts) < 3:
        stack = traceback.extract_tb(cause.__traceback__)[-frames:]
        places = [f"{PurePath(item.filename).name}:{item.lineno} {item.name}" for item in reversed(stack)]
        parts.append(f"{type(cause).__name__}{_code_of(cause)} at {' < '.join(places) or 'an unknown place'}")
        cause = cause.__cause__
    return "; caused by ".join(parts)


def _code_of(error: BaseException) -> str:
    """Return what the store or the system calls an error: ``SQLITE_FULL``, ``53100``, ``ENOSPC``."""
    number = error.errno if isinstance(error, OSError) else None
    code = getattr(error, "sqlite_errorname", None) or getattr(error, "sqlstate", None)
    code = code or errno.errorcode.get(number or 0)
    return f" {code}" if isinstance(code, str) else ""
