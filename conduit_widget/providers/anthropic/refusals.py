"""What servers of the Messages API do not accept."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from conduit_widget.providers.http_api.refusals import Refusals
from conduit_widget.providers.reading.error_bodies import ErrorBody

OPTIONAL_FIELDS: Final = ("top_p", "temperature", "stop_sequences", "thinking", "top_k")
"""In the order in which they are given up: of two that exclude each other, the first."""
_TOO_MANY_TOKENS: Final = re.compile(r"max_tokens: \d+ > (\d+)")


class MessagesRefusals(Refusals):
    """Learns besides how many tokens a model can answer, where ``unasked`` of them are asked by default."""

    def __init__(self, unasked: int) -> None:
        super().__init__(OPTIONAL_FIELDS)
        self._unasked = unasked
        self._most: dict[str, int] = {}

    def fit(self, body: Mapping[str, Any], model: str) -> dict[str, Any]:
        """Return a request's body without what the server does not accept."""
        fitted = super().fit(body, model)
        if model in self._most and fitted["max_tokens"] == self._unasked:
            fitted["max_tokens"] = self._most[model]
        return fitted

    def learn(self, status: int, problem: ErrorBody, body: Mapping[str, Any], model: str) -> bool:
        """Learn from a refusal of ``body``. Returns True if another try without what it names makes sense."""
        found = _TOO_MANY_TOKENS.search(problem.message)
        if status == 400 and found is not None:
            if body["max_tokens"] != self._unasked or not 0 < int(found[1]) < self._unasked:
                return False  # what somebody asked for is theirs to mend
            self._most[model] = int(found[1])
            return True
        return super().learn(status, problem, body, model)
