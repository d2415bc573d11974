"""``%%chat`` in JupyterLab: the answer of a real model streams into the cell of a notebook."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import BrowserContext, expect

from conduit_widget.runtime_file import read_runtime
from tests.support.browser.acting import House
from tests.support.browser.notebook_page import NotebookPage, write_notebook
from tests.support.hub.local_process import kill_hub
from tests.support.jupyter.lab import JupyterLab

ROWS = "%load_ext conduit_widget\nrows = [3, 1, 2]"
ASK = "%%chat numbers --to answer --temperature 0 --seed 1\nSort the numbers {rows}. How many are there?"
READ = "print(len(answer.text) > 0, answer.metadata['model'])"


async def test_answer_streams_into_the_cell(
    lab: JupyterLab, context: BrowserContext, screenshots: Path
) -> None:
    """Without a widget; the next cell has the answer, and its error is one line."""
    write_notebook(lab.root / "magic.ipynb", ROWS, ASK, READ, "%%chat\nWhat is {nothing}?")
    notebook = await NotebookPage.open(context, lab, "magic.ipynb")
    for cell in range(3):
        await notebook.run_cell(cell)
    outputs = notebook.page.locator(".jp-OutputArea-output")
    await expect(outputs.filter(has_text="True SmolLM2")).to_be_visible()
    await expect(outputs.filter(has_text="tok/s")).to_have_count(1)
    await notebook.run_cell(3)
    failed = outputs.filter(has_text="ValidationError: prompt: `{nothing}` raised NameError")
    await expect(failed).to_be_visible()
    await expect(failed).not_to_contain_text("Traceback")
    await notebook.page.screenshot(path=screenshots / "magics.png")


async def test_answers_come_again_after_the_hub_was_killed(
    lab: JupyterLab, house: House, data_dir: Path, context: BrowserContext
) -> None:
    """The question brings a hub back, and what stands in the cell is its answer; nothing waits for ever."""
    cells = [f"%%chat\nQuestion {number}?" for number in range(3)]
    write_notebook(lab.root / "again.ipynb", "%load_ext conduit_widget", *cells, "%chat")
    notebook = await NotebookPage.open(context, lab, "again.ipynb")
    await notebook.run_cell(0)
    for number in range(1, 4):
        await notebook.run_cell(number)
        output = notebook.page.locator(".jp-Cell").nth(number).locator(".jp-OutputArea-output")
        await expect(output).to_contain_text(f"This is answer {number}. It ends here.")
        await expect(output).not_to_contain_text("…")
        runtime = read_runtime(data_dir)
        assert runtime is not None
        kill_hub(runtime.pid)
    await notebook.run_cell(4)
    status = notebook.page.locator(".jp-Cell").nth(4).locator(".jp-OutputArea-output")
    await expect(status).to_contain_text("This notebook's own conversation: live")
