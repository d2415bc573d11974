// Text is put into the page as text, so the entities that Markdown allows are decoded here.

const ENTITY = /&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|[a-zA-Z][a-zA-Z0-9]{1,31});/g;
/** No entity stands for more than two characters; more is a shorter name that the browser read out of a longer one. */
const LONGEST = 2;
const MOST_KNOWN = 3_000;
const known = new Map<string, string>();

export function decodeEntities(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(ENTITY, (whole, decimal?: string, hex?: string) =>
    decimal || hex ? character(decimal ? Number(decimal) : Number.parseInt(hex ?? "", 16)) : named(whole),
  );
}

/** By the browser's own table of 2,125 names. `entity` is letters and digits between "&" and ";". */
function named(entity: string): string {
  const before = known.get(entity);
  if (before !== undefined) return before;
  if (known.size >= MOST_KNOWN) known.clear();
  const decoded = decodedByBrowser(entity);
  const text = decoded.length <= LONGEST ? decoded : entity;
  known.set(entity, text);
  return text;
}

function decodedByBrowser(entity: string): string {
  try {
    const field = document.createElement("textarea");
    field.innerHTML = entity;
    return field.textContent ?? entity;
  } catch {
    // A page may forbid HTML from strings (Trusted Types). The entity then stays as it was written.
    return entity;
  }
}

function character(code: number): string {
  const invalid = code === 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff);
  return invalid ? "\ufffd" : String.fromCodePoint(code);
}
