// Avatar colours come from other people: only `#rrggbb` passes, as hubs give it, and the initials stay readable on it.

const HEX = /^#([0-9a-f]{6})$/i;
const FALLBACK = "#546e7a";

export interface AvatarColors {
  background: string;
  text: "#000" | "#fff";
}

export function avatarColors(color: string): AvatarColors {
  const rgb = fromHex(color);
  const background = rgb ? color : FALLBACK;
  return { background, text: luminance(rgb ?? fromHex(FALLBACK) ?? [0, 0, 0]) > 0.179 ? "#000" : "#fff" };
}

type Rgb = [number, number, number];

function fromHex(color: string): Rgb | null {
  const found = HEX.exec(color)?.[1];
  if (!found) return null;
  const channel = (at: number): number => Number.parseInt(found.slice(at, at + 2), 16) / 255;
  return [channel(0), channel(2), channel(4)];
}

/** Relative luminance (WCAG 2.2). */
function luminance(rgb: Rgb): number {
  const [red, green, blue] = rgb.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)) as Rgb;
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
