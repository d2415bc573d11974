// The first rows of a table, and what a notebook says.
import { describe, expect, it } from "vitest";
import { notebookText } from "../../src/files/notebook";
import { firstRows, rowsFrom } from "../../src/files/rows";

describe("the first rows of a table", () => {
  it.each([
    [
      "quoted cells",
      'a,b\r\n"x, ""y""\nz",2\n',
      [
        ["a", "b"],
        ['x, "y"\nz', "2"],
      ],
    ],
    [
      "a quote in the middle of a cell",
      'a,b\n5" pipe,2\n',
      [
        ["a", "b"],
        ['5" pipe', "2"],
      ],
    ],
    [
      "empty cells",
      "a,b,c\n,,\n",
      [
        ["a", "b", "c"],
        ["", "", ""],
      ],
    ],
    [
      "a last cell that is empty, without a line break",
      "a,b\n1,",
      [
        ["a", "b"],
        ["1", ""],
      ],
    ],
    [
      "an empty cell in quotes",
      'a,b\n"",""',
      [
        ["a", "b"],
        ["", ""],
      ],
    ],
    [
      "blank lines",
      "a,b\n\n1,2\n\n",
      [
        ["a", "b"],
        ["1", "2"],
      ],
    ],
    [
      "names of Object.prototype",
      "__proto__,constructor\ntoString,x\n",
      [
        ["__proto__", "constructor"],
        ["toString", "x"],
      ],
    ],
    [
      "writing from right to left",
      "اسم,مدينة\nليلى,حيفا\n",
      [
        ["اسم", "مدينة"],
        ["ليلى", "حيفا"],
      ],
    ],
    ["one column", "a\n1\n", [["a"], ["1"]]],
    ["nothing", "", []],
    ["only line breaks", "\n\r\n\n", []],
  ] as [string, string, string[][]][])("may have %s", (_, content, rows) => {
    expect(firstRows(content, ",", true)).toEqual({ rows, goesOn: false });
  });

  it("are no more than a few, of which each has its first columns and cells their first words", () => {
    const rows = Array.from({ length: 30 }, (_, index) => `${index},x`).join("\n");
    expect(firstRows(rows, ",", true).rows.map(([first]) => first)).toEqual([..."012345678"]);
    const wide = firstRows(`${"a,".repeat(99)}a\n${"1,".repeat(99)}1\n`, ",", true);
    expect(wide.rows.map(({ length }) => length)).toEqual([12, 12]);
    expect(wide.goesOn).toBe(true);
    expect(firstRows(`${"x".repeat(61)},${"y".repeat(60)}`, ",", true).rows).toEqual([
      [`${"x".repeat(60)}…`, "y".repeat(60)],
    ]);
  });

  it.each([
    ["all of a file", "a\tb\n1\t2\n3", true, [["a", "b"], ["1", "2"], ["3"]], false],
    [
      "what there is of one that goes on: a row that was cut is not told",
      "a\tb\n1\t2\n3",
      false,
      [
        ["a", "b"],
        ["1", "2"],
      ],
      true,
    ],
    [
      "one that goes on after a whole row",
      "a\tb\n1\t2\n",
      false,
      [
        ["a", "b"],
        ["1", "2"],
      ],
      true,
    ],
    ["one that was cut within a quoted cell", 'a\tb\n"1', false, [["a", "b"]], true],
    [
      "as many rows as are shown, and no more",
      `a\n${"1\n".repeat(8)}`,
      true,
      [["a"], ...Array(8).fill(["1"])],
      false,
    ],
    ["one row more than are shown", `a\n${"1\n".repeat(9)}`, true, [["a"], ...Array(8).fill(["1"])], true],
  ] as [string, string, boolean, string[][], boolean][])(
    "are read of %s",
    (_, content, isWhole, rows, goesOn) => {
      expect(firstRows(content, "\t", isWhole)).toEqual({ rows, goesOn });
    },
  );

  it.each([['"never closed'], ['a,b\n"x"y,2\n'], ["a\rb"]])("end where a file is no table: %j", (content) => {
    const { rows, goesOn } = firstRows(content, ",", true);
    expect([rows.length <= 1, goesOn]).toEqual([true, true]);
  });

  it("of megabytes in one cell are read without ado", () => {
    const { rows } = firstRows(`"${"x".repeat(262_000)}",b\n1,2\n`, ",", true);
    expect(rows.map(([, last]) => last)).toEqual(["b", "2"]);
  });

  it.each([
    [[], false],
    [[["a"], ["1"]], false],
    [[["a"], ...Array(8).fill(["1"])], true],
    [[Array(12).fill("a")], true],
  ] as [string[][], boolean][])("that the kernel reads may be all of them: %#", (rows, goesOn) => {
    expect(rowsFrom(rows)).toEqual({ rows, goesOn });
  });
});

describe("a notebook", () => {
  it.each([
    [
      "its cells",
      {
        cells: [
          { cell_type: "markdown", source: ["# ", "Title"] },
          { cell_type: "code", source: "1 + 1" },
        ],
      },
      "# Title\n\nIn: 1 + 1",
    ],
    [
      "no empty ones",
      {
        cells: [
          { cell_type: "code", source: "" },
          { cell_type: "raw", source: "x" },
        ],
      },
      "x",
    ],
    ["no outputs", { cells: [{ cell_type: "code", source: "1", outputs: [{ text: "secret" }] }] }, "In: 1"],
    [
      "nothing of what is no cell",
      { cells: [null, 7, "x", {}, { source: 7 }, { source: ["a", "b"] }] },
      "ab",
    ],
    ["nothing", { cells: [] }, ""],
  ])("is told by %s", (_, notebook, told) => {
    expect(notebookText(JSON.stringify(notebook))).toBe(told);
  });

  it.each([['{"cells": ['], [""], ["null"], ["7"], ["[]"], ['{"cells": null}'], ['{"cells": {"0": 1}}']])(
    "is the text itself where it is none: %j",
    (content) => {
      expect(notebookText(content)).toBe(content);
    },
  );
});
