"""Files as a person in JupyterLab attaches, sees and saves them."""

from __future__ import annotations

import re
import struct
import zlib
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import BrowserContext, expect

from tests.support.jupyter_lab import JupyterLab
from tests.support.notebook_page import NotebookPage, write_notebook

CHAT: Final = "from conduit_widget import Chat\nchat = Chat('files')\nchat"
SAVE: Final = """\
got = {file.name: file for message in chat.messages for file in message.files}
print(sorted(got), got['large.bin'].size, got['large.bin'].save('copy.bin'))
"""
SEND: Final = """\
table = ("sales.csv", b"year,sales\\n2024,1\\n")
_ = chat.send("From Python.", files=[table], respond=False).result(60)
"""
THEME: Final = "theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})"
CSV: Final = b"year,sales\n" + b"".join(f"{2000 + year},{year * 3}\n".encode() for year in range(30))
HTML: Final = b"<html><body><script>window.hacked = true</script></body></html>"
SVG: Final = b"<svg xmlns='http://www.w3.org/2000/svg' onload='window.hacked = true'/>"
LARGE: Final = bytes(range(256)) * 8192


def png(width: int, height: int) -> bytes:
    """A picture, striped."""
    lines = b"".join(
        b"\0" + b"".join(bytes([x * 255 // width, y * 255 // height, 140]) for x in range(width))
        for y in range(height)
    )

    def part(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", zlib.compress(lines)) + part(b"IEND", b"")
    )


def bomb() -> bytes:
    """A small PNG that says it has a billion pixels."""
    small = png(4, 4)
    return small[:16] + struct.pack(">II", 40_000, 40_000) + small[24:]


@pytest.fixture
def provider_environment() -> dict[str, str]:
    """Nobody answers."""
    return {"CONDUIT_DETECT": "0"}


async def test_files_are_attached_shown_and_saved(
    lab: JupyterLab, context: BrowserContext, screenshots: Path, tmp_path: Path
) -> None:
    """Several at once, one cancelled; pictures as pictures, a table as a table, nothing that runs."""
    write_notebook(lab.root / "files.ipynb", CHAT, SEND, SAVE)
    notebook = await NotebookPage.open(context, lab, "files.ipynb")
    await notebook.run_cell(0)
    chat = notebook.chat
    await chat.wait_live()
    folder = tmp_path / "given"
    folder.mkdir()
    given = {
        "chart.png": png(900, 500),
        "large.bin": LARGE,
        "sales.csv": CSV,
        "page.html": HTML,
        "drawing.svg": SVG,
        "bomb.png": bomb(),
        "unwanted.txt": b"not this one",
    }
    for name, content in given.items():
        (folder / name).write_bytes(content)
    attach = chat.root.get_by_role("button", name="Attach", exact=True)
    await expect(attach).to_be_visible()
    await chat.root.locator("input[type=file]").set_input_files([folder / name for name in given])
    tray = chat.root.get_by_role("list", name="Files for the next message")
    await expect(tray.get_by_role("listitem")).to_have_count(len(given))
    await tray.get_by_role("button", name=re.compile("(Cancel|Remove) unwanted.txt")).click()
    await expect(tray.locator("[data-state=done]")).to_have_count(len(given) - 1)
    await notebook.page.screenshot(path=screenshots / "files-tray.png")
    await chat.root.get_by_role("button", name="Send", exact=True).click()
    await expect(tray).to_have_count(0)

    files = chat.root.get_by_role("list", name="Attached files")
    await expect(files.get_by_role("listitem")).to_have_count(len(given) - 1)
    await expect(files.get_by_role("button", name="Show chart.png in full size")).to_be_visible()
    await expect(files.get_by_text("too many pixels")).to_be_visible()
    await files.locator(".file", has_text="sales.csv").get_by_role("button", name="Preview").click()
    await expect(files.get_by_role("table", name="First rows").get_by_role("row")).to_have_count(9)
    for name in ("page.html", "drawing.svg"):
        await files.locator(".file", has_text=name).get_by_role("button", name="Preview").click()
    await expect(files.locator("pre", has_text="<script>window.hacked")).to_be_visible()
    assert await notebook.page.evaluate("window.hacked") is None
    await notebook.page.screenshot(path=screenshots / "files-message.png")
    await notebook.page.evaluate(THEME, "JupyterLab Dark")
    await expect(notebook.page.locator("#jupyterlab-splash")).to_have_count(0)
    await notebook.page.screenshot(path=screenshots / "files-message-dark.png")

    await files.get_by_role("button", name="Show chart.png in full size").click()
    full = chat.root.get_by_role("dialog", name="chart.png")
    await expect(full.get_by_role("img")).to_be_visible()
    await notebook.page.screenshot(path=screenshots / "files-full.png")
    await full.get_by_role("button", name="Close").click()
    await expect(full).to_have_count(0)

    async with notebook.page.expect_download() as saving:
        await files.get_by_role("button", name="Download large.bin").click()
    saved = await saving.value
    path = tmp_path / "saved.bin"
    await saved.save_as(path)
    assert path.read_bytes() == LARGE

    await notebook.run_cell(1)
    await expect(chat.root.locator("article", has_text="From Python.").locator(".file")).to_have_count(1)
    await notebook.run_cell(2)
    await expect(notebook.page.get_by_text(f"{len(LARGE)} copy.bin")).to_be_visible()
    assert (lab.root / "copy.bin").read_bytes() == LARGE
