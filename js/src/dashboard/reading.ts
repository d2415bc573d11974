/** Ask the hub for its figures, once. The key travels in the Authorization header and nowhere else. */

import { type Figures, isFigures } from "./figures";

const TIMEOUT_MS = 5_000;

export type Reading =
  | { readonly kind: "figures"; readonly figures: Figures }
  | { readonly kind: "key"; readonly status: 401 | 403 }
  | { readonly kind: "unreachable"; readonly why: string };

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Read `/figures`, beside wherever this page is, with what is new `since` an earlier reading; never throws. */
export async function readFigures(fetcher: Fetch, url: string, since: string, key: string): Promise<Reading> {
  const headers: Record<string, string> = key === "" ? {} : { authorization: `Bearer ${key}` };
  try {
    const response = await fetcher(since === "" ? url : `${url}?since=${encodeURIComponent(since)}`, {
      headers,
      cache: "no-store",
      redirect: "error",
      referrerPolicy: "no-referrer",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (response.status === 401 || response.status === 403) return { kind: "key", status: response.status };
    if (response.status !== 200) return unreachable(`HTTP ${response.status} instead of its figures`);
    const figures: unknown = await response.json();
    return isFigures(figures) ? { kind: "figures", figures } : unreachable(NO_FIGURES);
  } catch (error) {
    if (error instanceof SyntaxError) return unreachable(NO_FIGURES);
    const late = error instanceof DOMException && error.name === "TimeoutError";
    return unreachable(late ? `no answer within ${TIMEOUT_MS / 1000} s` : "no connection");
  }
}

const NO_FIGURES = "what answered are no hub's figures";

const unreachable = (why: string): Reading => ({ kind: "unreachable", why });

/** Whether a text can be a key at all: a header takes printable ASCII only. */
export const canBeKey = (text: string): boolean => /^[\x21-\x7e]{1,8192}$/.test(text);
