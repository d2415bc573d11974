"""Images in questions, from the hub to servers of both dialects."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from conduit_widget.contract import ChatMethod
from conduit_widget.providers.config.settings import ProviderSettings
from conduit_widget.providers.directory import ProviderDirectory
from conduit_widget.providers.provider_config import Capabilities, ProviderConfig
from tests.support.chat.server import Person, chat_server
from tests.support.network.raw_http_server import RawHttpServer, RawReply, RawRequest
from tests.support.waiting import eventually

PIXEL = "iVBORw0KGgo="
HELD = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}}
LINKED = {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}
WORDS = {"type": "text", "text": "What is this?"}
BLIND = "This model does not see images; it answered from the text alone."


class Model:
    """A server of one dialect that says a word, and refuses as ``refusal`` says what has an image."""

    def __init__(self, kind: str, refusal: tuple[int, str] | None = None) -> None:
        self.kind = kind
        self.refusal = refusal
        self.asked: list[Any] = []

    async def play(self, request: RawRequest, reply: RawReply) -> None:
        """Answer one request."""
        if request.method == "GET":
            await reply.json({"data": [{"id": "m"}]})
            return
        content = request.json["messages"][-1]["content"]
        self.asked.append(content)
        if self.refusal is not None and not isinstance(content, str):
            status, text = self.refusal
            await reply.json({"error": {"message": text}}, status=status)
        elif self.kind == "anthropic":
            await reply.start_stream()
            await reply.event({"type": "message_start", "message": {"id": "x", "model": "m"}})
            await reply.event(
                {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Seen."}}
            )
            await reply.event({"type": "message_delta", "delta": {"stop_reason": "end_turn"}})
            await reply.event({"type": "message_stop"})
        else:
            await reply.start_stream()
            await reply.delta("Seen.")
            await reply.event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})


@contextlib.asynccontextmanager
async def asking(folder: Path, *models: tuple[Model, bool | None]) -> AsyncIterator[Person]:
    """Somebody at a hub with these models: named a, b, … in their order, with what is said of their eyes."""
    async with contextlib.AsyncExitStack() as stack:
        configs = []
        for name, (model, vision) in zip("abc", models, strict=False):
            server = await stack.enter_async_context(RawHttpServer(model.play))
            configs.append(
                ProviderConfig(
                    name=name,
                    kind=model.kind,
                    base_url=server.base_url,
                    model="m",
                    capabilities=Capabilities(vision=vision),
                )
            )
        settings = ProviderSettings(configured=tuple(configs), detect=False, models_dir=folder / "models")
        directory = ProviderDirectory(settings)
        await directory.start()
        stack.push_async_callback(directory.aclose)
        await eventually(lambda: all(each.state == "healthy" for each in directory.statuses()))
        chat = await stack.enter_async_context(chat_server(folder / "h.db", directory=directory))
        ann = await stack.enter_async_context(chat.person("ann"))
        await ann.join()
        yield ann


async def ask(ann: Person, *parts: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    """Ask a question in parts; return the final answer."""
    message = {"id": f"q{len(ann.events)}", "role": "user", "content": list(parts), "metadata": metadata}
    receipt = await ann.invoke(ChatMethod.SEND_MESSAGE, "c", message)
    return await ann.final(receipt["answerId"])


SHOWN = {
    "openai": HELD,
    "anthropic": {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}},
}


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
async def test_image_reaches_the_model_in_its_dialect(tmp_path: Path, kind: str) -> None:
    """With text or alone; a link is not given to a server of one's own, which might fetch it from inside."""
    model = Model(kind)
    async with asking(tmp_path, (model, True)) as ann:
        answer = await ask(ann, WORDS, HELD)
        assert (answer["content"], answer["metadata"].get("notice")) == ("Seen.", None)
        assert model.asked == [[WORDS, SHOWN[kind]]]
        await ask(ann, HELD)
        assert model.asked[1] == [SHOWN[kind]]
        linked = await ask(ann, WORDS, LINKED)
        assert model.asked[2] == "What is this?\n\n[image]"
        assert "did not see every image" in linked["metadata"]["notice"]


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
async def test_model_that_does_not_see_answers_from_the_text_and_says_so(tmp_path: Path, kind: str) -> None:
    """It reads a line in the image's place; later questions without one say nothing of it."""
    model = Model(kind)
    async with asking(tmp_path, (model, False)) as ann:
        answer = await ask(ann, WORDS, HELD)
        assert model.asked == ["What is this?\n\n[image]"]
        assert (answer["content"], answer["metadata"]["notice"]) == ("Seen.", BLIND)
        alone = await ask(ann, HELD)
        assert model.asked[1] == "[image]"
        assert alone["metadata"]["notice"] == BLIND
        assert "notice" not in (await ask(ann, WORDS))["metadata"]


async def test_question_with_an_image_goes_to_a_model_that_sees(tmp_path: Path) -> None:
    """Before one of which nobody knows, whatever their order; a question without one keeps the order."""
    blind, unknown, seeing = Model("openai"), Model("openai"), Model("anthropic")
    async with asking(tmp_path, (blind, False), (unknown, None), (seeing, True)) as ann:
        assert (await ask(ann, WORDS))["metadata"]["provider"] == "a"
        assert (await ask(ann, WORDS, HELD))["metadata"]["provider"] == "c"
        assert (await ask(ann, HELD, provider="b"))["metadata"]["provider"] == "b"
        named = await ask(ann, WORDS, HELD, provider="a")
        assert (named["metadata"]["provider"], named["metadata"]["notice"]) == ("a", BLIND)


@pytest.mark.parametrize(
    ("refusal", "is_learnt"),
    [
        ((500, "image input is not supported - hint: you may need to provide the mmproj"), True),
        ((404, "No endpoints found that support image input"), True),
        ((400, "unknown variant `image_url`, expected `text`"), True),
        ((400, "m is not a multimodal model"), True),
        ((400, "Could not process image"), False),
        ((400, "You uploaded an unsupported image. Please make sure its format is png"), False),
    ],
)
async def test_refused_image_does_not_cost_the_answer(
    tmp_path: Path, refusal: tuple[int, str], is_learnt: bool
) -> None:
    """The question goes again without it; a model that takes none is not shown another one."""
    model = Model("openai", refusal)
    async with asking(tmp_path, (model, None)) as ann:
        answer = await ask(ann, WORDS, HELD)
        assert (answer["content"], answer["metadata"]["status"]) == ("Seen.", "complete")
        assert (answer["metadata"]["notice"] == BLIND) is is_learnt
        assert model.asked == [[WORDS, HELD], "What is this?\n\n[image]"]
        await ask(ann, HELD)
        assert len(model.asked) == (3 if is_learnt else 4)
