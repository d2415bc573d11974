/** One figure on the page: its name, the latest values in large digits, the plot, a line of detail. */

import type { Figures } from "./figures";
import { show, text, timeOfDay } from "./format";
import type { Value } from "./history";
import type { PanelSpec } from "./panels";
import { Plot, type PlotSource } from "./plots";

interface Readout {
  readonly digits: HTMLElement;
  readonly unit: HTMLElement;
}

export class Card {
  readonly element: HTMLElement;
  readonly plot: Plot;
  private readonly readouts: readonly Readout[];
  private readonly recent: Readout | null;
  private readonly note: HTMLElement;
  private readonly canvas: HTMLElement;
  private readonly hint: HTMLElement;
  private figures: Figures | null = null;
  private index: number | null = null;

  constructor(
    private readonly spec: PanelSpec,
    private readonly source: Omit<PlotSource, "top">,
    parent: HTMLElement,
  ) {
    this.element = make("article", "card", parent);
    this.element.id = `figure-${spec.id}`;
    const head = make("header", "card-head", this.element);
    const title = make("h2", "", head, spec.title);
    title.id = `title-${spec.id}`;
    this.element.setAttribute("aria-labelledby", title.id);
    this.hint = make("p", "hint", head, spec.hint);
    const list = make("dl", "readouts", this.element);
    this.readouts = spec.series.map(({ name, hue }) => readout(list, name, hue));
    this.recent = spec.unit === "events" ? readout(list, "", "") : null;
    this.canvas = make("div", "plot", this.element);
    this.canvas.setAttribute("role", "img");
    this.canvas.tabIndex = 0;
    this.note = make("p", "note", this.element);
    this.plot = new Plot(spec, { ...source, top: () => this.top() }, this.canvas);
  }

  /** Show what the history holds now. `windowText`: what the shown time is called. */
  update(figures: Figures | null, windowText: string): void {
    if (figures !== null) this.figures = figures;
    this.plot.update();
    if (this.figures !== null) this.note.textContent = this.spec.note?.(this.figures) ?? "";
    this.updateRecent(windowText);
    this.write();
    this.canvas.setAttribute(
      "aria-label",
      `${this.spec.title}, ${this.spec.hint}: ${this.spoken()}. Last ${windowText}.`,
    );
  }

  /** Show the values of one reading instead of the latest ones; null: the latest. */
  showAt(index: number | null): void {
    if (index === this.index) return;
    this.index = index;
    this.write();
  }

  /** The values shown, in words. */
  spoken(): string {
    return this.spec.series
      .map(({ name }, series) => `${name} ${text(this.value(series), this.spec.unit, this.top())}`)
      .join(", ");
  }

  private write(): void {
    const { times } = this.source.history;
    const index = this.shownIndex();
    const pointed = this.index !== null;
    const old = !pointed && index >= 0 && index < times.length - 1;
    const time = timeOfDay(times[index] ?? 0);
    this.hint.textContent = pointed ? `at ${time}` : old ? `last at ${time}` : this.spec.hint;
    this.element.classList.toggle("past", pointed);
    this.element.classList.toggle("old", old);
    this.readouts.forEach((target, series) => {
      fill(target, show(this.value(series), this.spec.unit, this.top()));
    });
  }

  private updateRecent(windowText: string): void {
    if (this.recent === null) return;
    const [from] = this.source.range();
    const sums = this.spec.series.map((_, series) =>
      this.source.history.sumSince(this.source.offset + series, from),
    );
    const sum = sums.reduce((total, value) => (total === null || value === null ? null : total + value), 0);
    fill(this.recent, show(sum, "count"));
    const label = this.recent.digits.parentElement?.previousElementSibling;
    if (label) label.textContent = `in ${windowText}`;
    this.element.classList.toggle("trouble", Boolean(this.spec.trouble && sum));
  }

  private value(series: number): Value {
    const { history, offset } = this.source;
    return history.columns[offset + series]?.[this.shownIndex()] ?? null;
  }

  /** Where the cursor is, else the latest reading of this figure in the time shown. */
  private shownIndex(): number {
    if (this.index !== null) return this.index;
    const { history, offset } = this.source;
    const [from] = this.source.range();
    const last = history.times.length - 1;
    for (let index = last; index >= 0 && (history.times[index] ?? 0) >= from; index--) {
      if (this.spec.series.some((_, series) => (history.columns[offset + series]?.[index] ?? null) !== null))
        return index;
    }
    return last;
  }

  private top(): number {
    return this.figures === null ? 0 : (this.spec.top?.(this.figures) ?? 0);
  }
}

function readout(list: HTMLElement, name: string, hue: string): Readout {
  const group = make("div", "readout", list);
  const term = make("dt", "", group);
  if (hue !== "") make("span", `swatch ${hue}`, term);
  term.append(name);
  const value = make("dd", "", group);
  return { digits: make("span", "digits", value, "–"), unit: make("span", "unit", value) };
}

function fill(target: Readout, { digits, unit }: { digits: string; unit: string }): void {
  target.digits.textContent = digits;
  target.unit.textContent = unit;
}

function make(tag: string, classes: string, parent: HTMLElement, content = ""): HTMLElement {
  const element = document.createElement(tag);
  if (classes !== "") element.className = classes;
  element.textContent = content;
  parent.append(element);
  return element;
}
