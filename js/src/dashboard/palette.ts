/** The style sheet's colours, for canvases, which cannot use them by themselves. */

import type { Hue } from "./panels";

export interface Palette {
  readonly grid: string;
  readonly text: string;
  readonly mark: string;
  readonly surface: string;
  readonly series: Readonly<Record<Hue, string>>;
  readonly fill: string;
}

export function readPalette(): Palette {
  const style = getComputedStyle(document.documentElement);
  const color = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    grid: color("grid"),
    text: color("muted"),
    mark: color("mark"),
    surface: color("surface"),
    series: { first: color("first"), second: color("second"), third: color("third") },
    fill: color("fill"),
  };
}
