// The contract counts text in Unicode code points; JavaScript strings count UTF-16 units.

const SURROGATES = /[\uD800-\uDBFF][\uDC00-\uDFFF]/g;
const HIGH_SURROGATE = /[\uD800-\uDBFF]/;

/** Returns the number of code points in `text`. */
export function codePoints(text: string): number {
  return text.length - (text.match(SURROGATES)?.length ?? 0);
}

/** Returns `text` without its first `count` code points. */
export function dropCodePoints(text: string, count: number): string {
  let index = 0;
  for (let left = count; left > 0 && index < text.length; left -= 1) {
    index += (text.codePointAt(index) ?? 0) > 0xffff ? 2 : 1;
  }
  return text.slice(index);
}

/** Returns the first `units` UTF-16 units of `text`, never half a code point. */
export function prefix(text: string, units: number): string {
  // One character alone: this is asked of a long text in every frame.
  return text.slice(0, HIGH_SURROGATE.test(text.charAt(units - 1)) ? units + 1 : units);
}
