"""What a model reads of the files that people send."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from conduit_widget.contract import ChatEvent, ChatMethod
from conduit_widget.types import ImagePart, TextPart
from tests.support.chat.file_client import FileClient
from tests.support.chat.server import chat_server
from tests.support.providers.scripted_provider import ScriptedProvider

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256))
CSV = "".join(f"row {number}, {number * 7}\n" for number in range(5000)).encode()


async def read_by_model(tmp_path: Path, files: dict[str, bytes], text: str = "What is this?") -> Any:
    """Send a message with the files; return what the model got as its content."""
    provider = ScriptedProvider(context_tokens=4096)
    async with chat_server(tmp_path / "h.db", provider) as server, server.person("ann") as ann:
        await ann.join()
        client = FileClient(server.url, "ann")
        ids = [(await client.uploaded(content, name))["id"] for name, content in files.items()]
        message = {"id": "m", "role": "user", "content": text, "attachments": [{"id": id_} for id_ in ids]}
        receipt = await ann.invoke(ChatMethod.SEND_MESSAGE, "c", message)
        await ann.final(receipt["answerId"])
        assert len(await ann.got(ChatEvent.RECEIVE_MESSAGE, 2)) == 2
    return provider.requests[0].messages[-1].content


async def test_text_is_read_as_text_and_what_was_cut_is_said(tmp_path: Path) -> None:
    """A short one whole, a long one from its beginning, in whole lines; each under its name."""
    content = await read_by_model(tmp_path, {"notes.md": b"# Notes\n```\ncode\n```\n", "sales.csv": CSV})
    assert isinstance(content, str)
    assert content.startswith(
        "What is this?\n\n[File notes.md, text/markdown, 21 bytes]\n````\n# Notes\n```\n"
    )
    assert f"[File sales.csv, text/csv, {len(CSV)} bytes]\n```\nrow 0, 0\nrow 1, 7\n" in content
    size = int(content.rpartition("you see the first ")[2].split(" ")[0])
    assert content.endswith(f"\n[The file goes on: you see the first {size} of {len(CSV)} bytes.]")
    shown = content.rpartition("```\nrow 0")[2].partition("\n```")[0]
    assert ("row 0" + shown).encode() == CSV[:size]
    assert CSV[size : size + 1] == b"\n"
    assert 2000 < size < 8000


async def test_image_is_seen_and_others_are_named(tmp_path: Path) -> None:
    """Nothing is left out without a word: not what is too large, not what no model reads."""
    large = PNG + bytes(4 * 1024 * 1024)
    files = {
        "chart.png": PNG,
        "large.png": large,
        "report.pdf": b"%PDF-1.7\n\0",
        "empty.txt": b"",
    }
    content = await read_by_model(tmp_path, files, text="")
    assert isinstance(content, list)
    [image] = [part.image_url.url for part in content if isinstance(part, ImagePart)]
    assert base64.b64decode(image.removeprefix("data:image/png;base64,")) == PNG
    text = "\n\n".join(part.text for part in content if isinstance(part, TextPart))
    assert text.split("\n\n") == [
        f"[File chart.png, image/png, {len(PNG)} bytes]",
        f"[File large.png, image/png, {len(large)} bytes; it is too large to be shown to you]",
        "[File report.pdf, application/pdf, 10 bytes; its content is not shown to you]",
        "[File empty.txt, text/plain, 0 bytes]\n```",
        "```",
    ]


async def test_more_images_than_there_is_room_for_are_named(tmp_path: Path) -> None:
    """Each of the ten has its line."""
    content = await read_by_model(tmp_path, {f"{number}.png": PNG for number in range(10)})
    assert isinstance(content, list)
    images = sum(isinstance(part, ImagePart) for part in content)
    text = "\n".join(part.text for part in content if isinstance(part, TextPart))
    assert 1 <= images < 10
    assert text.count("there is no room to show it to you") == 10 - images
    assert all(f"[File {number}.png, image/png" in text for number in range(10))


async def test_broken_text_is_no_text(tmp_path: Path) -> None:
    """Bytes that are no UTF-8 reach no prompt."""
    content = await read_by_model(tmp_path, {"x.txt": b"\xff\xfe\x00a"})
    assert content.endswith("application/octet-stream, 4 bytes; its content is not shown to you]")
