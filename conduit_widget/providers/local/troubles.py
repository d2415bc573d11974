"""What can be wrong with a local model, each as one error that says what to do."""

from __future__ import annotations

import signal
from typing import Final

from conduit_widget.errors import ProviderError
from conduit_widget.providers import failures
from conduit_widget.providers.local.model import INSTALL_COMMAND

UNSUPPORTED_CPU: Final = "unsupported_cpu"
TOO_LITTLE_MEMORY: Final = "too_little_memory"
_ILLEGAL_INSTRUCTION_EXITS: Final = frozenset({-4, 0xC000001D, 0xC000001D - (1 << 32)})
_MEMORY_WORDS: Final = (b"allocate", b"bad_alloc", b"out of memory", b"memoryerror")
_UNKNOWN_WORDS: Final = b"unknown model architecture"
_UPGRADE_COMMAND: Final = "pip install --upgrade xllamacpp"
_OTHER_MODEL: Final = "Choose a smaller model (conduit-widget model use NAME), or another provider."


def is_illegal_instruction(exit_code: int | None) -> bool:
    """Whether a process ended because its CPU does not know an instruction."""
    return exit_code in _ILLEGAL_INSTRUCTION_EXITS


def exit_words(exit_code: int | None) -> str:
    """Return in words how a process ended, for the middle of a sentence."""
    if exit_code is None:
        return "it does not answer"
    if exit_code == -9:
        return "it was killed, perhaps for want of memory"
    if exit_code < 0:
        try:
            return f"it crashed with {signal.Signals(-exit_code).name}"
        except ValueError:
            return f"it crashed with signal {-exit_code}"
    return f"its exit code is {exit_code}"


def ended(exit_code: int | None) -> ProviderError:
    """The process died in the middle of an answer."""
    if is_illegal_instruction(exit_code):
        return unsupported_cpu()
    return ProviderError(
        f"The local model stopped in the middle of the answer ({exit_words(exit_code)}). Ask again: it "
        "starts anew.",
        type="network_error",
        code=failures.TRUNCATED,
        suggestions=("Ask again.",),
    )


def not_loaded(model: str, exit_code: int | None, words: bytes, *, is_the_small_one: bool) -> ProviderError:
    """The process ended, or said that it cannot serve, while it loaded the model; ``words`` were its last."""
    if is_illegal_instruction(exit_code):
        return unsupported_cpu()
    if exit_code == -9:
        return ProviderError(
            f"The local model {model} was killed while it was loaded, perhaps for want of memory. "
            f"{_OTHER_MODEL}",
            code="local_model_killed",
            suggestions=(_OTHER_MODEL,),
        )
    if any(word in words for word in _MEMORY_WORDS):
        return ProviderError(
            f"The local model {model} found too little memory to be loaded. Close programs. {_OTHER_MODEL}",
            code=TOO_LITTLE_MEMORY,
            suggestions=("Close programs.", _OTHER_MODEL),
        )
    how = f" ({exit_words(exit_code)})" if exit_code is not None and exit_code < 0 else ""
    remedy = f"run: {INSTALL_COMMAND}" if is_the_small_one else f"run: {_UPGRADE_COMMAND}, or choose another"
    cause = "" if is_the_small_one else " The file is broken, or newer than the engine."
    if _UNKNOWN_WORDS in words:
        cause = " The engine does not know its architecture."
    return _not_started(f"{model} could not be loaded{how}.{cause}", remedy)


def too_slow(model: str, seconds: float) -> ProviderError:
    """The process did not serve in time."""
    return _not_started(f"{model} was not ready within {seconds:g} s.", f"run: {INSTALL_COMMAND}")


def cause_of(error: ProviderError, exit_code: int | None) -> str:
    """Return in words why a model could not be started, for the middle of a sentence."""
    if exit_code is not None and exit_code < 0:
        return exit_words(exit_code)
    return str(error).partition(". ")[0]


def unreadable(what: str) -> ProviderError:
    """The model's file is not what it must be; ``what`` is a whole sentence."""
    remedy = f"Run: {INSTALL_COMMAND}"
    return ProviderError(
        f"{what} {remedy}", code="model_unreadable", recoverable=False, suggestions=(remedy,)
    )


def keeps_ending(times: int, cause: str, exit_code: int | None, seconds: float) -> ProviderError:
    """The process ended several times in a row; it is left alone for ``seconds``."""
    if is_illegal_instruction(exit_code):
        return unsupported_cpu(retry_after=seconds)
    return ProviderError(
        f"The local model has failed {times} times in a row ({cause}). It is tried again in "
        f"{max(1, round(seconds))} s. {_OTHER_MODEL}",
        code="local_model_down",
        retry_after=max(1.0, round(seconds, 1)),
        recoverable=False,
        suggestions=(_OTHER_MODEL,),
    )


def unsupported_cpu(*, retry_after: float | None = None) -> ProviderError:
    """The engine needs instructions that this computer's CPU does not have."""
    remedy = "Use another provider (Ollama, LM Studio or an API), or build xllamacpp on this computer."
    return ProviderError(
        f"The CPU of this computer lacks instructions that the local model's engine needs. {remedy}",
        code=UNSUPPORTED_CPU,
        retry_after=retry_after,
        recoverable=False,
        suggestions=(remedy,),
    )


def too_little_memory(model: str, needed: int, available: int) -> ProviderError:
    """There is less memory than a model needs (bytes)."""
    remedy = f"Close programs. {_OTHER_MODEL}"
    return ProviderError(
        f"The local model {model} needs about {_gigabytes(needed)} of memory, {_gigabytes(available)} are "
        f"free. {remedy}",
        code=TOO_LITTLE_MEMORY,
        recoverable=False,
        suggestions=(remedy,),
    )


def _not_started(what: str, remedy: str) -> ProviderError:
    return ProviderError(
        f"The local model {what} Try again; if it stays so, {remedy}",
        code="local_model_failed",
        suggestions=("Try again.", f"{remedy[0].upper()}{remedy[1:]}"),
    )


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB"
