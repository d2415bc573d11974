/** Processor time of Markdown: a whole text, the worst frame while it is streamed, as a person's, and read aloud. `npm run bench [NAME]`. */

import { lex } from "../src/markdown/lexing/lexer";
import { OpenBlocks } from "../src/markdown/lexing/open-blocks";
import { typedParts } from "../src/markdown/typed";
import { spoken } from "../src/messages/announce";
import { INPUTS } from "./inputs";

/** Characters that come between two frames: far more than any model writes in 16 ms. */
const STEP = 1_500;

function milliseconds(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

function worstFrame(text: string): number {
  const blocks = new OpenBlocks();
  let worst = 0;
  for (let end = STEP; end < text.length + STEP; end += STEP) {
    worst = Math.max(
      worst,
      milliseconds(() => blocks.update(text.slice(0, end))),
    );
  }
  return worst;
}

const wanted = process.argv[2];
const inputs = INPUTS.filter(([name]) => !wanted || name.includes(wanted));
const round = (): [string, number, number, number, number][] =>
  inputs.map(([name, text]) => [
    name,
    milliseconds(() => lex(text)),
    worstFrame(text),
    milliseconds(() => typedParts(text)),
    milliseconds(() => spoken(text)),
  ]);
round(); // so that what is measured is compiled
const rows = round().sort((a, b) => Math.max(b[1], b[2]) - Math.max(a[1], a[2]));
const print = (...cells: string[]): void => {
  process.stdout.write(
    `${cells.map((cell, index) => (index ? cell.padStart(14) : cell.padEnd(40))).join("")}\n`,
  );
};
print("30 kB of (processor ms)", "whole", "worst frame", "as typed", "read aloud");
for (const [name, ...times] of rows) print(name.slice(0, 38), ...times.map((time) => time.toFixed(1)));
