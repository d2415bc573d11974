"""How much of a conversation a local model is given: one number for the hub that runs it and for who asks."""

from __future__ import annotations

from typing import Final

PROMPT_CONTEXT_TOKENS: Final = 2048
"""What prompts are made for. Every new token is weighed against all before it: after 3,300 of them a question
takes twice the work it takes after 600. So a long conversation answers about as fast as a short one."""

CONTEXT_TOKENS: Final = 2 * PROMPT_CONTEXT_TOKENS
"""What a slot holds: room for texts of more tokens than estimated, and for long answers."""


def prompt_tokens(trained: int | None, configured: int | None = None) -> int:
    """Return the tokens that question and answer are kept to.

    Args:
        trained: what the model's file says it can hold; None where it does not say.
        configured: ``context_tokens`` of its provider; None for the default.

    """
    wanted = configured or PROMPT_CONTEXT_TOKENS
    return min(wanted, trained or wanted)


def slot_tokens(trained: int | None, configured: int | None = None) -> int:
    """Return the tokens that the engine has room for, of one conversation."""
    wanted = 2 * (configured or PROMPT_CONTEXT_TOKENS)
    return min(wanted, trained or wanted)
