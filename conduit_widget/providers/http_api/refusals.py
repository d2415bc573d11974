"""Remembers what a server does not accept, as its refusals have shown."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from conduit_widget.providers.images import has_images, without_images
from conduit_widget.providers.provider import PromptMessage
from conduit_widget.providers.reading.error_bodies import ErrorBody
from conduit_widget.types import TextPart

SYSTEM_ROLE: Final = "system role"
IMAGES: Final = "images"
_NEWER_NAME: Final = {"max_tokens": "max_completion_tokens"}
# A value out of range is the asker's to mend: leaving it out would hide that.
_RANGE_WORDS: Final = (
    "less than",
    "greater than",
    "between",
    "at most",
    "at least",
    "too large",
    "too small",
    "range",
)
_NO_SYSTEM_ROLE: Final = re.compile(
    r"system['\"`]? (?:role|message|prompt|instruction)s?\b.{0,40}\b(?:not|unsupported|only)"
    r"|(?:not|unsupported|unknown|unexpected|invalid)\b.{0,40}\b(?:role|message)s?\W{0,3}system"
    r"|does not support ['\"`]?system"
    r"|role.{0,20} must (?:always )?alternate"
    r"|only.{0,20}user.{0,20}assistant.{0,20}roles?"
    r"|developer instruction is not enabled"
    r"|\bsystem: (?:extra|unsupported|unknown|unexpected|not )",
    re.DOTALL,
)
_IMAGE: Final = re.compile(r"\bimages?\b|image_url|vision|multi-?modal|mmproj")
# Another image may be fine.
_ONE_IMAGE: Final = re.compile(
    r"format|media.?type|mime|dimension|pixel|process|decod|corrupt|download|fetch|invalid image"
    r"|too (?:large|many)|exceed|base64"
)
_MAX_MODELS: Final = 100


class Refusals:
    """What must be left out of requests, by model. Bounded: the oldest model is forgotten first.

    ``optional`` are the fields that may be left out, ``unsolicited`` is one that no asker has set. A body's
    ``messages`` are a prompt's, system text included.
    """

    def __init__(self, optional: Sequence[str], *, unsolicited: str | None = None) -> None:
        self._optional = tuple(optional)
        self._unsolicited = unsolicited
        self._learnt: dict[str, set[str]] = {}

    def fit(self, body: Mapping[str, Any], model: str) -> dict[str, Any]:
        """Return a request's body without what the server does not accept."""
        refused = self._learnt.get(model)
        if not refused:
            return dict(body)
        fitted = dict(body)
        for field in sorted(refused & fitted.keys()):
            value = fitted.pop(field)
            newer = _NEWER_NAME.get(field)
            if newer is not None and newer not in refused:
                fitted[newer] = value
        if IMAGES in refused:
            fitted["messages"] = without_images(fitted["messages"])
        if SYSTEM_ROLE in refused:
            fitted["messages"] = without_system(fitted["messages"])
        return fitted

    def learn(self, status: int, problem: ErrorBody, body: Mapping[str, Any], model: str) -> bool:
        """Learn from a refusal of ``body``. Returns True if another try without what it names makes sense."""
        found = self._refused_part(status, problem, body)
        if found is None:
            return False
        if model not in self._learnt and len(self._learnt) >= _MAX_MODELS:
            del self._learnt[next(iter(self._learnt))]
        self._learnt.setdefault(model, set()).add(found)
        return True

    def forget(self, model: str) -> None:
        """Forget what was learnt about a model: it did not help."""
        self._learnt.pop(model, None)

    def _refused_part(self, status: int, problem: ErrorBody, body: Mapping[str, Any]) -> str | None:
        # A chat template that raises is a 500 on some servers.
        if status in {400, 422, 500} and _refuses_system(problem) and _has_system(body):
            return SYSTEM_ROLE
        if refuses_images(status, problem, body) and not _ONE_IMAGE.search(problem.message):
            return IMAGES
        if status not in {400, 422}:
            return None
        if problem.is_empty:
            return self._unsolicited if self._unsolicited in body else None
        if any(word in problem.message for word in _RANGE_WORDS):
            return None
        present = [field for field in self._optional if field in body]
        if problem.fields:
            named = {path[0] for path in problem.fields if path}
            return next((field for field in present if field in named), None)
        return next((field for field in present if _names(problem.message, field)), None)


def refuses_images(status: int, problem: ErrorBody, body: Mapping[str, Any]) -> bool:
    """Whether it is for its images that a body is refused: for one of them, or for having any."""
    # Gateways find no model for them (404), servers of a model without eyes fail (500).
    return (
        status in {400, 404, 415, 422, 500}
        and has_images(body["messages"])
        and _IMAGE.search(problem.message) is not None
    )


def without_system(messages: Sequence[PromptMessage]) -> list[PromptMessage]:
    """Return the prompt with its system text at the beginning of the first question."""
    system = "\n\n".join(text for message in messages if message.role == "system" for text in _texts(message))
    turns = [message for message in messages if message.role != "system"]
    for number, message in enumerate(turns):
        if message.role == "user":
            if isinstance(message.content, str):
                turns[number] = PromptMessage("user", f"{system}\n\n{message.content}")
            else:
                turns[number] = PromptMessage("user", [TextPart(text=system), *message.content])
            return turns
    return [PromptMessage("user", system), *turns]


def _texts(message: PromptMessage) -> list[str]:
    if isinstance(message.content, str):
        return [message.content]
    return [part.text for part in message.content if isinstance(part, TextPart)]


def _names(text: str, field: str) -> bool:
    """Whether a text speaks of the field; of the words that are English ones too only as a parameter."""
    if "_" in field:
        return re.search(rf"(?<![a-z0-9_]){field}(?![a-z0-9_])", text) is not None
    word = rf"(?<![a-z0-9_]){field}(?![a-z0-9_])"
    before = r"(?:param\w*|field|argument|option|key|name|property):? "
    return re.search(rf"(?:^|\s){word}: |['\"`]{word}['\"`]|{before}{word}", text) is not None


def _refuses_system(problem: ErrorBody) -> bool:
    if (
        any(path[:1] == ("messages",) and path[-1] == "role" for path in problem.fields)
        and "system" in problem.message
    ):
        return True
    return _NO_SYSTEM_ROLE.search(problem.message) is not None


def _has_system(body: Mapping[str, Any]) -> bool:
    return any(
        isinstance(message, PromptMessage) and message.role == "system" for message in body["messages"]
    )
