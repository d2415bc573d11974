import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { useContext, useEffect, useRef } from "preact/hooks";
import { whyClosed } from "../../composing/closed";
import { pasteCode } from "../../composing/edit-field";
import { MAX_CONTENT_BYTES } from "../../contract";
import { ChunksContext, useChunk } from "../../lazy/lazy";
import type { Store } from "../../store/store";
import { text } from "../../texts/texts";
import { icon } from "../icons";

const ClipIcon = icon(
  "M13 7.6 8 12.6a3.2 3.2 0 0 1-4.5-4.5l5.3-5.3a2.1 2.1 0 0 1 3 3L6.6 11a1 1 0 0 1-1.5-1.5l4.6-4.6",
);

/** Picks files for the next message; they may also be dropped on the chat, or pasted. */
export function AttachButton({ store }: { store: Store }): VNode {
  const chunks = useContext(ChunksContext);
  const { module } = useChunk("files", false);
  const button = useRef<HTMLButtonElement>(null);
  const picker = useRef<HTMLInputElement>(null);
  const problem = useSignal<string | null>(null);
  const closed = whyClosed(store);

  const attach = (files: readonly File[]): void => {
    if (files.length === 0 || closed) return;
    problem.value = null;
    chunks?.load("files").then(
      ({ attachingOf }) => attachingOf(store).add(files),
      (error: Error) => {
        problem.value = error.message;
      },
    );
  };
  useEffect(() => {
    const chat = button.current?.closest<HTMLElement>(".chat");
    return chat ? takeFiles(chat, attach) : undefined;
  }, [store, chunks, closed]);

  return (
    <>
      <button
        ref={button}
        type="button"
        class="icon tool"
        aria-label={text("attach.attach")}
        title={closed ?? text("attach.hint")}
        disabled={closed !== null}
        onClick={() => picker.current?.click()}
      >
        <ClipIcon />
      </button>
      <input
        ref={picker}
        type="file"
        multiple
        hidden
        onChange={({ currentTarget }) => {
          attach([...(currentTarget.files ?? [])]);
          currentTarget.value = "";
        }}
      />
      {problem.value && (
        <span class="notice" role="alert">
          {problem.value}
        </span>
      )}
      {module && <module.Tray store={store} />}
    </>
  );
}

function isBeyondMessage(text: string): boolean {
  return text.length > MAX_CONTENT_BYTES || new TextEncoder().encode(text).length > MAX_CONTENT_BYTES;
}

/** Takes what is dropped on the chat or pasted into it, files and code, text too long for a message as a file; returns what ends that. */
function takeFiles(chat: HTMLElement, attach: (files: readonly File[]) => void): () => void {
  const ends = new AbortController();
  const listen = <Name extends "dragover" | "dragleave" | "drop" | "paste">(
    name: Name,
    heard: (event: HTMLElementEventMap[Name]) => void,
  ): void => chat.addEventListener(name, heard, { signal: ends.signal, capture: true });
  const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") ?? false;
  const take = (event: Event, files: readonly File[]): void => {
    event.preventDefault();
    event.stopPropagation();
    attach(files);
  };
  const mark = (isOver: boolean): void => {
    if (isOver) chat.dataset.dropping = text("attach.drop");
    else delete chat.dataset.dropping;
  };
  listen("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    mark(true);
  });
  listen("dragleave", (event) => {
    if (!chat.contains(event.relatedTarget as Node | null)) mark(false);
  });
  listen("drop", (event) => {
    mark(false);
    if (hasFiles(event)) take(event, [...(event.dataTransfer?.files ?? [])]);
  });
  listen("paste", (event) => {
    const { clipboardData: data, target } = event;
    // A table copied from elsewhere comes as text and as a picture: the text is meant.
    if (data?.files?.length && !data.types.includes("text/plain")) return take(event, [...data.files]);
    if (!data || !(target instanceof HTMLTextAreaElement) || !target.closest(".composer")) return;
    // No message holds as much, and a browser lays out megabytes in a field for minutes.
    const text = data.getData("text/plain");
    if (isBeyondMessage(text)) take(event, [new File([text], "pasted.txt", { type: "text/plain" })]);
    else if (pasteCode(target, data)) event.preventDefault();
  });
  return () => ends.abort();
}
