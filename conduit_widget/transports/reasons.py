"""Why a connection failed, in words that contain nothing of what was sent.

Libraries put what they choke on into their errors, a header with its token for instance. So their words are
never repeated: the system's are, by number, and of everything else the type.
"""

from __future__ import annotations

import errno
import os
import re
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from conduit_widget.errors import ConnectionFailedError, ConnectionLostError

_ERRNO: Final = re.compile(r"\[Errno (\d{1,3})\]")
# How a system says that the other side went away.
_CUT: Final = frozenset((errno.ECONNRESET, errno.ECONNABORTED, errno.EPIPE))
_CERTIFICATE_VARIABLES: Final = ("SSL_CERT_FILE", "SSL_CERT_DIR")


def no_connection(where: str, error: BaseException) -> ConnectionFailedError:
    """Return the error for a hub that cannot be reached at ``where`` (no query, no user information).

    Raise it ``from None``: a traceback prints the texts of causes.
    """
    return ConnectionFailedError(f"No answer from {where} ({reason_of(error)}): {_advice(error)}.")


def connection_lost(error: BaseException | None) -> ConnectionLostError:
    """Return the error for a connection that ended without a word; its reason only where that says more."""
    causes = () if error is None else _causes(error)
    if error is None or any(isinstance(each, OSError) and _number_of(each) in _CUT for each in causes):
        return ConnectionLostError("The connection to the hub is lost.")
    return ConnectionLostError(f"The connection to the hub is lost ({reason_of(error)}).")


def reason_of(error: BaseException) -> str:
    """Return the reason in a few words, without a full stop."""
    for each in _causes(error):
        if isinstance(each, ssl.SSLCertVerificationError):
            return "its certificate was not accepted"
        if isinstance(each, ssl.SSLError):
            return "no TLS handshake"
        if isinstance(each, socket.gaierror):
            return "its name is not known"
        if isinstance(each, OSError) and (number := _number_of(each)):
            return os.strerror(number)
    return type(error).__name__


def _advice(error: BaseException) -> str:
    for each in _causes(error):
        if isinstance(each, ssl.SSLCertVerificationError):
            return _certificate_advice(each)
        if isinstance(each, ssl.SSLError):
            return "check whether its address begins with http:// or https://"
        if isinstance(each, socket.gaierror):
            return "check the hub's address"
    return "check that the hub runs there"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and its causes."""
    cause: BaseException | None = error
    for _ in range(8):
        if cause is None:
            return
        yield cause
        of_several = cause.exceptions[0] if isinstance(cause, BaseExceptionGroup) else None
        cause = of_several or cause.__cause__ or cause.__context__


def _number_of(error: OSError) -> int | None:
    """Return the system's number; asyncio puts those of several addresses into its text only."""
    if error.errno:
        return error.errno
    found = _ERRNO.search(str(error))
    return int(found[1]) if found else None


def _certificate_advice(error: ssl.SSLCertVerificationError) -> str:
    """Return which certificate check failed and which variable helps; OpenSSL's texts are a fixed list."""
    for name in _CERTIFICATE_VARIABLES:
        path = os.environ.get(name)
        if path and not Path(path).exists():
            return f"{name} names a file that does not exist; correct or remove it"
    failed = str(error.verify_message).partition(",")[0].rstrip(".")
    return f"{failed}; for an authority of your own, name its certificate in SSL_CERT_FILE"
