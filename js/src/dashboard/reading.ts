/** Ask the hub for its metrics, once. The key travels in the Authorization header and nowhere else. */

import { isHub } from "./figures";
import { parse, type Scrape } from "./prometheus";

const TIMEOUT_MS = 5_000;
const MAX_CHARS = 8 * 1024 * 1024;
/** A longer line has a label that somebody made, not one that anybody reads. */
const MAX_LINE_CHARS = 4 * 1024;

export type Reading =
  | {
      readonly kind: "metrics";
      readonly scrape: Scrape;
      readonly hubTime: number;
      /** Metrics too long to read. */
      readonly leftOut: number;
    }
  | { readonly kind: "key"; readonly status: 401 | 403 }
  | { readonly kind: "unreachable"; readonly why: string; readonly answered: boolean };

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
    if (response.status !== 200) return unreachable(`HTTP ${response.status} instead of its metrics`);
    const at = performance.now() / 1000;
    const page = await readPage(response);
    if (page === null) return unreachable("its metrics are too large for this page", true);
    return understand(page, at, response.headers.get("date"));
  } catch (error) {
    const late = error instanceof DOMException && error.name === "TimeoutError";
    return unreachable(late ? `no answer within ${TIMEOUT_MS / 1000} s` : "no connection");
  }
}

/** A page's lines, put together of what comes; those that are too long are left out on the way. */
class Page {
  text = "";
  leftOut = 0;
  #line = "";

  take(part: string): void {
    const [first = "", ...others] = part.split("\n");
    this.#extend(first);
    for (const line of others) {
      this.endLine();
      this.#extend(line);
    }
  }

  endLine(): void {
    if (this.#line.length > MAX_LINE_CHARS) this.leftOut += 1;
    else this.text += `${this.#line}\n`;
    this.#line = "";
  }

  #extend(part: string): void {
    if (this.#line.length <= MAX_LINE_CHARS) this.#line += part;
  }
}

/** Null when there is too much, even without the lines left out. */
async function readPage(response: Response): Promise<Page | null> {
  const page = new Page();
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  for (let read = await reader?.read(); read && !read.done; read = await reader?.read()) {
    page.take(read.value);
    if (page.text.length > MAX_CHARS) {
      void reader?.cancel();
      return null;
    }
  }
  page.endLine();
  return page;
}

function understand({ text, leftOut }: Page, at: number, date: string | null): Reading {
  try {
    const scrape = parse(text, at);
    if (isHub(scrape)) {
      const hubTime = date === null ? Number.NaN : Date.parse(date) / 1000;
      const now = Number.isNaN(hubTime) ? Date.now() / 1000 : hubTime;
      return { kind: "metrics", scrape, hubTime: now, leftOut };
    }
  } catch {
    // Whatever it is, it is not Prometheus' format: said below.
  }
  return unreachable("what answered are no hub's metrics");
}

const unreachable = (why: string, answered = false): Reading => ({ kind: "unreachable", why, answered });

/** Whether a text can be a key at all: a header takes printable ASCII only. */
export const canBeKey = (text: string): boolean => /^[\x21-\x7e]{1,8192}$/.test(text);
