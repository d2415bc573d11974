// Names the host a link leads to when the link's own words name another one.

const LONGEST = 500;
const INVISIBLE = /\p{Cf}/gu;
const ADDRESS = /\b[a-z][a-z0-9+.-]*:\/\/[^\s<>"'`]+/gi;
const HOST = /(?<![\p{L}\p{N}.-])(?:[\p{L}\p{N}][\p{L}\p{N}-]*\.)+\p{L}{2,}(?![\p{L}\p{N}-])/gu;

/** The host that `url` leads to, if `words` (a link's text and title) name another one; else null. */
export function otherHost(words: string, url: URL): string | null {
  // Characters that only look like dots, letters or digits count as what they look like.
  const plain = words.slice(0, LONGEST).replace(INVISIBLE, "").normalize("NFKC");
  if (url.protocol === "mailto:") {
    return !/[@.]/.test(plain) || plain.includes(url.pathname) ? null : url.pathname;
  }
  // Only this form tells lookalike letters apart.
  if (/(?:^|\.)xn--/.test(url.host)) return url.host;
  const named = [...plain.matchAll(ADDRESS), ...plain.matchAll(HOST)].map(([found]) => hostOf(found));
  return named.some((host) => host !== bare(url.host)) ? url.host : null;
}

function hostOf(words: string): string {
  try {
    return bare(new URL(words.includes("://") ? words : `http://${words}`).host);
  } catch {
    return words;
  }
}

function bare(host: string): string {
  return host.replace(/^www\./, "");
}
