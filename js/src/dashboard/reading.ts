/** Ask the hub for its metrics, once. The key travels in the Authorization header and nowhere else. */

import { isHub } from "./figures";
import { parse, type Scrape } from "./prometheus";

const TIMEOUT_MS = 5_000;
const MAX_CHARS = 8 * 1024 * 1024;

export type Reading =
  | { readonly kind: "metrics"; readonly scrape: Scrape; readonly hubTime: number }
  | { readonly kind: "key"; readonly status: 401 | 403 }
  | { readonly kind: "unreachable"; readonly why: string };

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Read `/metrics`, beside wherever this page is; never throws. */
export async function readMetrics(fetcher: Fetch, url: string, key: string): Promise<Reading> {
  const headers: Record<string, string> = key === "" ? {} : { authorization: `Bearer ${key}` };
  try {
    const response = await fetcher(url, {
      headers,
      cache: "no-store",
      redirect: "error",
      referrerPolicy: "no-referrer",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (response.status === 401 || response.status === 403) return { kind: "key", status: response.status };
    if (response.status !== 200) return unreachable(`it answered HTTP ${response.status}`);
    const at = performance.now() / 1000;
    const body = await response.text();
    if (body.length > MAX_CHARS) return unreachable("its metrics are too large");
    return understand(body, at, response.headers.get("date"));
  } catch (error) {
    const late = error instanceof DOMException && error.name === "TimeoutError";
    return unreachable(late ? `no answer within ${TIMEOUT_MS / 1000} s` : "no connection");
  }
}

function understand(body: string, at: number, date: string | null): Reading {
  try {
    const scrape = parse(body, at);
    if (isHub(scrape)) {
      const hubTime = date === null ? Number.NaN : Date.parse(date) / 1000;
      return { kind: "metrics", scrape, hubTime: Number.isNaN(hubTime) ? Date.now() / 1000 : hubTime };
    }
  } catch {
    // Whatever it is, it is not Prometheus' format: said below.
  }
  return unreachable("what answered are no hub's metrics");
}

const unreachable = (why: string): Reading => ({ kind: "unreachable", why });

/** Whether a text can be a key at all: a header takes printable ASCII only. */
export const canBeKey = (text: string): boolean => /^[\x21-\x7e]{1,8192}$/.test(text);
