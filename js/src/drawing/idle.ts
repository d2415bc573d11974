// Work that nobody waits for: it is done when the page has nothing else to do, one piece at a time.

const MOST_WAIT_MS = 1_000;
const jobs = new Set<() => void>();
let asked = false;

/** Calls `job` once the page is idle; returns how to forget it. */
export function whenIdle(job: () => void): () => void {
  const entry = (): void => job();
  jobs.add(entry);
  ask();
  return () => jobs.delete(entry);
}

function ask(): void {
  if (asked || jobs.size === 0) return;
  asked = true;
  if (typeof globalThis.requestIdleCallback === "function") {
    globalThis.requestIdleCallback(next, { timeout: MOST_WAIT_MS });
  } else setTimeout(next, 16);
}

function next(): void {
  asked = false;
  const [job] = jobs;
  if (!job) return;
  jobs.delete(job);
  try {
    job();
  } finally {
    ask();
  }
}
