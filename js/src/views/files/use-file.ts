import { useSignal } from "@preact/signals";
import type { Attachment } from "../../files/attachment";
import { fetchFile } from "../../files/fetching";
import type { Store } from "../../store/store";

export interface FileUse {
  /** How much has come, in percent; null where nothing is on its way. */
  readonly percent: number | null;
  /** Why it could not be had, in words. */
  readonly error: string | null;
  /** Fetches the file and hands it over. */
  use(then: (blob: Blob) => void | Promise<void>): void;
}

/** Fetches a file when something is to be done with it. */
export function useFile(store: Store, file: Attachment): FileUse {
  const percent = useSignal<number | null>(null);
  const error = useSignal<string | null>(null);
  const run = async (then: (blob: Blob) => void | Promise<void>): Promise<void> => {
    if (percent.value !== null) return;
    percent.value = 0;
    error.value = null;
    try {
      const blob = await fetchFile(store, file, (bytes) => {
        percent.value = Math.floor((bytes / Math.max(file.size, 1)) * 100);
      });
      await then(blob);
    } catch (reason) {
      error.value = reason instanceof Error ? reason.message : String(reason);
    } finally {
      percent.value = null;
    }
  };
  return { percent: percent.value, error: error.value, use: (then) => void run(then) };
}
