"""``%%chat`` in JupyterLab: the answer of a real model streams into the cell of a notebook."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import BrowserContext, expect

from tests.support.jupyter_lab import JupyterLab
from tests.support.notebook_page import NotebookPage, write_notebook

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
