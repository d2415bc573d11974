"""The local model's process: llama.cpp's OpenAI-compatible server on loopback, for its parent only.

Run as ``python -m conduit_widget.providers.local.child``. The first line on standard input is a
:class:`ChildSettings` as JSON (the key never shows in a process list); one :class:`ChildReady` line comes
back on standard output. The process ends when standard input does, so that it never outlives its parent.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
import traceback
from typing import Any, Final

import msgspec

NICENESS: Final = 5
_HTTP_THREADS: Final = 6
_REUSED_TOKENS: Final = 32
_LOOPBACK: Final = "127.0.0.1"
_NO_ORIGIN: Final = "https://invalid"
"""No page in a browser has it: none may read an answer."""
_servers: Final[list[object]] = []
"""Keeps the server: it is never destroyed, the process ends before."""


class ChildSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Settings from the parent: ``slots`` generations at a time with ``context_tokens`` each.

    ``path_prefix`` begins every path, so that the few that need no key cannot be guessed either.
    """

    model_path: str
    model_name: str
    api_key: str
    path_prefix: str
    niceness: int = NICENESS
    threads: int
    slots: int
    context_tokens: int


class ChildReady(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The child's one line: its address, or why it cannot serve."""

    url: str = ""
    error: str = ""
    code: str = ""


def main() -> int:
    """Serve until standard input ends; once there is a server, leave at once, however that comes about.

    The engine's threads may be deep in native code. Whatever waits for them, the server's destructor and
    Python's own end, now and then does so for ever. (Without a server, Python's end writes out what the
    engine has said.)
    """
    code = 1
    try:
        code = _serve()
    except BrokenPipeError:
        pass  # the parent has gone meanwhile, and nobody reads why
    except Exception:  # noqa: BLE001 - whatever it was: the parent reads it, and this process ends
        traceback.print_exc()
    if _servers:
        os._exit(code)
    return code


def _serve() -> int:
    # The terminal's Ctrl-C is for the parent, which ends us when it is ready.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = _claim_standard_output()
    settings = msgspec.json.decode(sys.stdin.buffer.readline(), type=ChildSettings)
    if hasattr(os, "nice"):
        os.nice(settings.niceness)
    try:
        engine = importlib.import_module("xllamacpp")
    except ImportError:  # an extra; its absence is an answer, not a crash
        return _answer(answers, ChildReady(code="engine_missing", error="xllamacpp is not installed"))
    try:
        _servers.append(server := engine.Server(_parameters(engine, settings)))
    except Exception as error:  # noqa: BLE001 - native code raises what it likes; the parent tells the user
        return _answer(answers, ChildReady(code="load_failed", error=type(error).__name__))
    _answer(answers, ChildReady(url=f"{server.listening_address}{settings.path_prefix}"))
    while sys.stdin.buffer.read(4096):
        pass
    return 0


def _claim_standard_output() -> int:
    """Keep standard output for our one line; whatever native code prints goes to standard error."""
    answers = os.dup(1)
    os.dup2(2, 1)
    return answers


def _answer(descriptor: int, ready: ChildReady) -> int:
    os.write(descriptor, msgspec.json.encode(ready) + b"\n")
    return 0 if ready.url else 1


def _parameters(engine: Any, settings: ChildSettings) -> Any:
    """Build llama.cpp's parameters; every name here is llama.cpp's own."""
    p = engine.CommonParams()
    p.model.path = settings.model_path
    p.model_alias = {settings.model_name}
    p.hostnames = [_LOOPBACK]
    p.port = 0
    p.api_keys = [settings.api_key]
    p.api_prefix = settings.path_prefix
    p.cors_origins = _NO_ORIGIN
    p.cors_credentials = False
    p.ui = False
    p.endpoint_slots = False
    p.offline = True
    p.verbosity = 1
    p.n_parallel = settings.slots
    p.n_ctx = settings.slots * settings.context_tokens
    p.kv_unified = False
    # What a cut leaves of a prompt moves up in the slot instead of being read again.
    p.n_cache_reuse = _REUSED_TOKENS
    # A prompt cache of up to 8 GB in memory is the default; the slots' own is enough for a chat.
    p.cache_ram_mib = 0
    p.n_threads_http = _HTTP_THREADS
    p.cpuparams.n_threads = settings.threads
    p.cpuparams_batch.n_threads = settings.threads
    return p


if __name__ == "__main__":
    sys.exit(main())
