// @vitest-environment happy-dom
import { beforeEach, describe, expect, it } from "vitest";
import { linesOf } from "../../src/lab/cells/difference";
import { newestCode } from "../../src/lab/cells/newest-code";
import type { Cell, Notebook, NotebookPanel, NotebookTracker, Output } from "../../src/lab/cells/notebook";
import { type NotebookCells, notebookCells } from "../../src/lab/cells/notebook-cells";
import { aboutCell, aboutFailure } from "../../src/lab/cells/quoting";
import { speakLanguage } from "../../src/lab/texts";
import { answer, question } from "../support/chat";

interface Made extends Cell {
  source: string;
}

function cell(source: string, count: number | null = null, outputs: Output[] = []): Made {
  const made = {
    source,
    node: document.createElement("div"),
    model: {
      type: "code" as const,
      executionCount: count,
      sharedModel: {
        getSource: () => made.source,
        setSource: (text: string) => {
          made.source = text;
        },
      },
      outputs: { toJSON: () => outputs },
    },
  };
  return made;
}

class FakeTracker {
  readonly #changed: (() => void)[] = [];
  readonly #selected: (() => void)[] = [];
  cells: Made[] = [];
  active = 0;
  path = "work/a.ipynb";
  language: unknown = { name: "Python" };
  isVisible = true;

  readonly currentChanged = { connect: (slot: () => void) => this.#changed.push(slot), disconnect: () => {} };
  readonly activeCellChanged = {
    connect: (slot: () => void) => this.#selected.push(slot),
    disconnect: () => {},
  };
  readonly content = {
    widgets: this.cells,
    model: { getMetadata: () => this.language },
    deselectAll: () => {},
  };

  get currentWidget(): NotebookPanel {
    const { isVisible, path } = this;
    const content = { ...this.content, widgets: this.cells, activeCell: this.cells[this.active] };
    // One and the same notebook each time.
    return { isVisible, context: { path }, content: Object.assign(this.content, content) } as never;
  }

  select(index: number): void {
    this.active = index;
    for (const slot of this.#selected) slot();
  }

  shows(visible: boolean): void {
    this.isVisible = visible;
    for (const slot of this.#changed) slot();
  }
}

let tracker: FakeTracker;
let asked: [string, string][];
let agrees: boolean;
let ran: number;
let isLocked: boolean;
let cells: NotebookCells;

beforeEach(() => {
  speakLanguage("en");
  [tracker, asked, agrees, ran, isLocked] = [new FakeTracker(), [], true, 0, false];
  cells = notebookCells(
    tracker as unknown as NotebookTracker,
    {
      insertBelow: (_notebook: Notebook) => {
        if (isLocked) return;
        tracker.cells.splice(tracker.active + 1, 0, cell(""));
        tracker.active += 1;
        Object.assign(tracker.content, { activeCell: tracker.cells[tracker.active] });
      },
      changeCellType: () => {},
      run: async () => {
        ran += 1;
        return true;
      },
    },
    async (before, after) => {
      asked.push([before, after]);
      return agrees;
    },
  );
});

const sources = (): string[] => tracker.cells.map(({ source }) => source);

describe("the cells of the notebook in sight", () => {
  it("take code below the selected one, and run it when they are told to", () => {
    tracker.cells = [cell("a"), cell("b")];
    tracker.select(0);
    cells.insert("x = 1");
    expect(sources()).toEqual(["a", "x = 1", "b"]);
    cells.run("x + 1");
    expect(sources()).toEqual(["a", "x = 1", "x + 1", "b"]);
    expect(ran).toBe(1);
  });

  it("are replaced only when somebody has seen the difference, and never those that show a chat", async () => {
    tracker.cells = [cell("a"), cell("Chat('team')")];
    tracker.cells[1]?.node.append(
      Object.assign(document.createElement("div"), { className: "conduit-view" }),
    );
    tracker.select(0);
    tracker.select(1);
    agrees = false;
    await cells.replace("b");
    expect(sources()).toEqual(["a", "Chat('team')"]);
    agrees = true;
    await cells.replace("b");
    expect(asked).toEqual([
      ["a", "b"],
      ["a", "b"],
    ]);
    expect(sources()).toEqual(["b", "Chat('team')"]);
  });

  it("are asked about once more when somebody else wrote in one meanwhile", async () => {
    tracker.cells = [cell("a")];
    tracker.select(0);
    const replacing = cells.replace("b");
    (tracker.cells[0] as Made).source = "a, and theirs";
    await replacing;
    expect(asked).toEqual([
      ["a", "b"],
      ["a, and theirs", "b"],
    ]);
    expect(sources()).toEqual(["b"]);
  });

  it("keep what is in them where no cell may be added", () => {
    tracker.cells = [cell("a")];
    tracker.select(0);
    isLocked = true;
    cells.run("b");
    expect([sources(), ran]).toEqual([["a"], 0]);
  });

  it("are none while no notebook is in sight", async () => {
    tracker.cells = [cell("a")];
    let changes = 0;
    const end = cells.onChange(() => {
      changes += 1;
    });
    expect(cells.language()).toBe("python");
    tracker.shows(false);
    expect(changes).toBe(1);
    expect(cells.language()).toBeNull();
    cells.insert("b");
    await cells.replace("b");
    expect(cells.selected()).toBeNull();
    expect(cells.failure()).toBeNull();
    expect(sources()).toEqual(["a"]);
    end();
    tracker.shows(true);
    expect(changes).toBe(1);
  });

  it("tell what failed last, without the colours of a terminal", () => {
    const failed = (words: string): Output[] => [
      { output_type: "error", ename: "E", evalue: words, traceback: ["\u001b[0;31mE\u001b[0m", words] },
    ];
    tracker.cells = [cell("new", 7, failed("newest")), cell("old", 3, failed("oldest")), cell("fine", 9)];
    const failure = cells.failure();
    expect(failure).toMatchObject({ source: "new", count: 7, traceback: "E\nnewest" });
    expect(failure && aboutFailure(failure)).toBe(
      "Explain this error and how to put it right (In [7], a.ipynb):\n\n```python\nnew\n```\n\n```text\nE\nnewest\n```\n",
    );
  });
});

it("quotes a cell in a fence that nothing in it ends, and cuts one that is too long", () => {
  const quoted = { language: "python", count: null, notebook: "a.ipynb" };
  expect(aboutCell({ ...quoted, source: 'x = """\n```\n"""' })).toContain(
    '````python\nx = """\n```\n"""\n````',
  );
  expect(aboutCell({ ...quoted, source: "x".repeat(100_000) }).length).toBeLessThan(13_000);
});

it("finds the newest code that somebody wrote", () => {
  const two = "```python\nfirst\n```\nand\n~~~\nsecond\n\nlines\n~~~\n";
  expect(newestCode([question(1, "```\nold\n```"), answer(2, two), question(3, "Thanks")])).toBe(
    "second\n\nlines",
  );
  expect(newestCode([question(1, "no code")])).toBeNull();
  expect(newestCode([answer(1, "```py\nx = '```'\n```` \n`````\nstill open")])).toBe("x = '```'");
  expect(newestCode([answer(1, "```a\n".repeat(100_000))])).toBeNull();
});

it("shows which lines of a cell go and come", () => {
  const lines = linesOf("a\nb\nc", "a\nB\nc\nd").map(({ change, line }) => change + line);
  expect(lines).toEqual([" a", "-b", "+B", " c", "+d"]);
  expect(linesOf("", "x").map(({ change, line }) => change + line)).toEqual(["+x"]);
});
