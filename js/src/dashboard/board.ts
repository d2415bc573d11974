/** All plots together: one history, one range of time, one cursor. */

import { Card } from "./card";
import type { Figures } from "./figures";
import { timeOfDay } from "./format";
import { History } from "./history";
import { type Palette, readPalette } from "./palette";
import { PANELS } from "./panels";

const KEPT_SECONDS = 15 * 60;
const CAPACITY = 600;
const SERIES = PANELS.flatMap((panel) => panel.series);

export class Board {
  private readonly history = new History(SERIES.length, KEPT_SECONDS, CAPACITY);
  private readonly cards: readonly Card[];
  private palette: Palette = readPalette();
  private before: Figures | null = null;
  private minutes = 5;
  private cursor: number | null = null;

  /** `announce` speaks to those who do not see the plots. */
  constructor(
    parent: HTMLElement,
    private readonly announce: (text: string) => void,
  ) {
    let offset = 0;
    this.cards = PANELS.map((spec) => {
      const source = {
        history: this.history,
        offset,
        palette: () => this.palette,
        range: () => this.range(),
        onCursor: (index: number | null) => this.onCursor(index),
      };
      offset += spec.series.length;
      return new Card(spec, source, parent);
    });
    for (const card of this.cards)
      card.element.addEventListener("keydown", (event) => this.onKey(event, card));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.repaint());
  }

  /** The last reading's name: with what comes next, its figures are told what is new since. */
  get reading(): string {
    return this.before?.reading ?? "";
  }

  /** Add the figures of one reading; returns whether an older process beside the one before gave them. */
  add(figures: Figures): boolean {
    const now = Date.now() / 1000;
    const started = this.before?.startedAt ?? figures.startedAt;
    this.history.push(
      now,
      SERIES.map((series) => series.value(figures)),
    );
    if (figures.startedAt > started) this.history.restart(now);
    this.before = figures;
    this.update(figures);
    return figures.startedAt < started;
  }

  /** No answer came: a gap. The next answer is compared with the last one all the same. */
  miss(): void {
    this.history.push(Date.now() / 1000);
    this.update(null);
  }

  /** Nobody looks: a gap, and what comes next is a first reading. */
  pause(): void {
    if (this.history.last !== null) this.history.push(Date.now() / 1000);
    this.before = null;
  }

  /** The range of time shown, in minutes. */
  show(minutes: number): void {
    this.minutes = minutes;
    this.update(null);
  }

  private range(): [number, number] {
    const end = this.history.last ?? Date.now() / 1000;
    return [end - this.minutes * 60, end];
  }

  private update(figures: Figures | null): void {
    for (const card of this.cards) card.update(figures, `${this.minutes} min`);
  }

  private repaint(): void {
    this.palette = readPalette();
    for (const card of this.cards) card.plot.repaint();
  }

  private onCursor(index: number | null): void {
    this.cursor = index;
    for (const card of this.cards) card.showAt(index);
  }

  private onKey(event: KeyboardEvent, card: Card): void {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const last = this.history.times.length - 1;
    if (event.key === "Escape") {
      this.point(null);
    } else if (step !== undefined && last >= 0) {
      event.preventDefault();
      this.point(Math.min(last, Math.max(0, (this.cursor ?? last + 1) + step)));
      const time = this.history.times[this.cursor ?? last];
      if (time !== undefined) this.announce(`${timeOfDay(time)}: ${card.spoken()}`);
    }
  }

  private point(index: number | null): void {
    this.cards[0]?.plot.point(index);
    this.onCursor(index);
  }
}
