"""Files as a person in JupyterLab attaches, sees and saves them."""

from __future__ import annotations

import re
import struct
import zlib
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest
from playwright.async_api import BrowserContext, Locator, Page, expect

from tests.support.browser.lab_scripts import THEME
from tests.support.browser.notebook_page import NotebookPage, write_notebook
from tests.support.jupyter.lab import JupyterLab
from tests.support.waiting import eventually

pytestmark = pytest.mark.usefixtures("only_configured")

CHAT: Final = "from conduit_widget import Chat\nchat = Chat('files')\nchat"
SAVE: Final = """\
got = {file.name: file for message in chat.messages for file in message.files}
print(sorted(got), got['large.bin'].size, got['large.bin'].save('copy.bin'))
"""
SEND: Final = """\
table = ("sales.csv", b"year,sales\\n2024,1\\n")
_ = chat.send("From Python.", files=[table], respond=False).result(60)
"""
BLOCK: Final = """\
import pathlib, time
pathlib.Path('busy').touch()
while not pathlib.Path('go-on').exists():
    time.sleep(0.05)
"""
COPY_PICTURE: Final = """async () => {
    const canvas = new OffscreenCanvas(60, 40);
    canvas.getContext('2d').fillRect(0, 0, 30, 40);
    const picture = await canvas.convertToBlob({type: 'image/png'});
    await navigator.clipboard.write([new ClipboardItem({'image/png': picture})]);
}"""
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


async def drop(page: Page, place: Locator, *paths: Path) -> None:
    """Drag files from outside the browser over a place, and let them go."""
    box = await place.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    session = await page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        await session.send("Input.dispatchDragEvent", {"type": kind, "x": x, "y": y, "data": data})
    await session.detach()


async def test_files_are_dropped_and_pasted_while_the_kernel_is_busy(
    lab: JupyterLab, context: BrowserContext, screenshots: Path, tmp_path: Path
) -> None:
    """They go to the hub through the page's server: a blocked kernel holds nothing up, and has them later."""
    await context.grant_permissions(["clipboard-read", "clipboard-write"])
    write_notebook(lab.root / "busy-files.ipynb", CHAT, BLOCK, SAVE)
    notebook = await NotebookPage.open(context, lab, "busy-files.ipynb")
    page, chat = notebook.page, notebook.chat
    asked: list[str] = []
    page.on("request", lambda request: asked.append(f"{request.method} {urlsplit(request.url).path}"))
    await notebook.run_cell(0)
    await chat.wait_live()
    dropped = tmp_path / "large.bin"
    dropped.write_bytes(LARGE)
    (lab.root / "go-on").unlink(missing_ok=True)
    await notebook.run_cell(1, wait=False)
    await eventually((lab.root / "busy").exists, what="the cell runs")
    await drop(page, chat.composer, dropped)
    tray = chat.root.get_by_role("list", name="Files for the next message")
    await expect(tray.get_by_text("large.bin")).to_be_visible()
    await page.evaluate(COPY_PICTURE)
    await chat.composer.focus()
    await page.keyboard.press("Control+v")
    await expect(tray.locator("[data-state=done]")).to_have_count(2)
    await page.screenshot(path=screenshots / "files-dropped.png")
    await chat.root.get_by_role("button", name="Send", exact=True).click()
    await expect(tray).to_have_count(0)
    (lab.root / "go-on").touch()
    files = chat.root.get_by_role("list", name="Attached files")
    await expect(files.get_by_role("listitem")).to_have_count(2)
    assert any(each.startswith("POST ") and each.endswith("/conduit/files") for each in asked)
    async with page.expect_download() as saving:
        await files.get_by_role("button", name="Download large.bin").click()
    saved = tmp_path / "saved.bin"
    await (await saving.value).save_as(saved)
    assert saved.read_bytes() == LARGE
    await notebook.run_cell(2)
    await expect(page.get_by_text(f"{len(LARGE)} copy.bin")).to_be_visible()


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
