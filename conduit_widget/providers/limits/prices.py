"""What a provider's tokens cost, where somebody has told us."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from conduit_widget.providers.limits.token_estimate import counted_tokens
from conduit_widget.providers.provider import Usage
from conduit_widget.types import Cost

_TOKENS: Final = 1_000_000
_DIGITS: Final = 12
"""Of an amount: a token of the cheapest models costs some hundred-millionths."""

PerMillion = Annotated[float, msgspec.Meta(ge=0, le=1e9)]


class Price(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The price of a million tokens read (``input``) and written (``output``); ``currency`` as in ISO 4217.

    >>> Price(input=2.5, output=10, currency="USD").of(Usage(1000, 100))
    Cost(amount=0.0035, currency='USD')
    """

    input: PerMillion
    output: PerMillion
    currency: Annotated[str, msgspec.Meta(pattern=r"\A[A-Z]{3}\Z")] = "USD"

    def of(self, usage: Usage | None) -> Cost | None:
        """Return what a generation cost; None unless the provider has counted both kinds of tokens."""
        counts = counted_tokens(usage)
        if counts is None:
            return None
        amount = (counts[0] * self.input + counts[1] * self.output) / _TOKENS
        return Cost(amount=round(amount, _DIGITS), currency=self.currency)
