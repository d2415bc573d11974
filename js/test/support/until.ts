import { vi } from "vitest";

const PATIENCE_MS = 30_000;

/** Waits until `check` no longer throws, however busy the machine; fails with what it threw last. */
export function until<T>(check: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(check, { timeout: PATIENCE_MS });
}
