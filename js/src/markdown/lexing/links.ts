// Decides which addresses a message may link to. Every other address stays text.

const SCHEMES = new Set(["http:", "https:", "mailto:"]);
const INLINE_IMAGE = /^data:image\/(?:png|jpeg|gif|webp);base64,[a-z0-9+/=\s]+$/i;

/** The address if it is absolute and harmless, else null. Relative ones would lead into the notebook server. */
export function safeLink(href: string): URL | null {
  const url = parse(href);
  return url && SCHEMES.has(url.protocol) ? url : null;
}

/** Embedded images are shown at once. Remote ones wait for a click: fetching them tells their server who reads. */
export function imageSource(href: string): { kind: "inline" | "remote"; src: string; from: string } | null {
  if (INLINE_IMAGE.test(href)) return { kind: "inline", src: href, from: "" };
  const url = parse(href);
  if (!url || (url.protocol !== "https:" && url.protocol !== "http:")) return null;
  return { kind: "remote", src: url.href, from: url.host };
}

function parse(href: string): URL | null {
  try {
    return new URL(href);
  } catch {
    return null;
  }
}
