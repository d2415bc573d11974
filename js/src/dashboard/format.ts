/** Numbers for people: three digits that matter, and a unit. */

export type Unit = "count" | "events" | "rate" | "seconds" | "bytes" | "share";

export interface Shown {
  readonly digits: string;
  readonly unit: string;
}

const NOTHING: Shown = { digits: "–", unit: "" };

/** Show a value. `top`: what an infinite one is above of. */
export function show(value: number | null, unit: Unit, top = 0): Shown {
  if (value === null || Number.isNaN(value)) return NOTHING;
  if (!Number.isFinite(value)) {
    const limit = show(top, unit);
    return { digits: `> ${limit.digits}`, unit: limit.unit };
  }
  switch (unit) {
    case "count":
    case "events":
      return scaled(value, "");
    case "rate":
      return scaled(value, "/s");
    case "seconds":
      return value < 0.9995
        ? { digits: precise(value * 1000), unit: "ms" }
        : { digits: precise(value), unit: "s" };
    case "bytes":
      return bytes(value);
    case "share":
      return { digits: rounded(value * 100), unit: "%" };
  }
}

/** The same as one text, for axes and for those who listen. */
export function text(value: number | null, unit: Unit, top = 0): string {
  const { digits, unit: suffix } = show(value, unit, top);
  if (suffix === "") return digits;
  return suffix === "/s" ? digits + suffix : `${digits} ${suffix}`;
}

function scaled(value: number, suffix: string): Shown {
  for (const [size, letter] of [
    [1e9, "G"],
    [1e6, "M"],
    [1e4, "k"],
  ] as const) {
    const divisor = letter === "k" ? 1e3 : size;
    if (value >= size) return { digits: precise(value / divisor), unit: letter + suffix };
  }
  return { digits: value >= 1000 ? Math.round(value).toLocaleString("en") : rounded(value), unit: suffix };
}

function bytes(value: number): Shown {
  let rest = value;
  for (const unit of ["B", "KiB", "MiB"]) {
    if (rest < 1023.5) return { digits: precise(rest), unit };
    rest /= 1024;
  }
  return { digits: precise(rest), unit: "GiB" };
}

/** At most one decimal: what changes every two seconds shall be calm. */
function rounded(value: number): string {
  if (value > 0 && value < 0.05) return "< 0.1";
  return String(Number(value.toFixed(value < 99.95 ? 1 : 0)));
}

/** Three digits that matter, no trailing zeros, never an exponent. */
function precise(value: number): string {
  if (value === 0) return "0";
  if (value < 0.005) return "< 0.01";
  const digits = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  return String(Number(value.toFixed(digits)));
}

/** How long something lasts: the two largest units. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** Time of day, as the reader's clock shows it. */
export function timeOfDay(epochSeconds: number, withSeconds = true): string {
  const date = new Date(epochSeconds * 1000);
  const parts = [date.getHours(), date.getMinutes(), ...(withSeconds ? [date.getSeconds()] : [])];
  return parts.map((part) => String(part).padStart(2, "0")).join(":");
}
