import { useComputed } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { attachingOf, type UploadItem } from "../../files/attaching";
import { kindOf, sizeText } from "../../files/attachment";
import { keep } from "../../files/fetching";
import { thumbnail } from "../../files/thumbnail";
import type { Store } from "../../store/store";
import { language, text } from "../../texts/texts";
import { FileSign } from "./file-sign";
import { AgainIcon, CrossIcon } from "./icons";
import { useBlobUrl } from "./use-blob-url";

/** The files of the next message, each on its way. */
export function Tray({ store }: { store: Store }): VNode | null {
  const attaching = attachingOf(store);
  const items = attaching.items.value;
  const problem = attaching.problem.value;
  if (items.length === 0 && !problem) return null;
  return (
    <div class="tray">
      {problem && (
        <p class="wrong" role="alert">
          {problem}
        </p>
      )}
      <ul aria-label={text("attach.list")}>
        {items.map((item) => (
          <Item key={item.key} store={store} item={item} />
        ))}
      </ul>
    </div>
  );
}

function Item({ store, item }: { store: Store; item: UploadItem }): VNode {
  const { file } = item;
  const attaching = attachingOf(store);
  const state = item.state.value;
  const name = file.name || "file";
  const isDone = state === "done";
  useEffect(() => {
    if (isDone && item.result) keep(item.result, file.slice(0, file.size, item.result.mediaType));
  }, [isDone]);
  return (
    <li class="upload" data-state={state}>
      <Small file={file} />
      <span class="what">
        <span class="name" title={name}>
          {name}
        </span>
        <span class="hint" role={state === "failed" ? "alert" : undefined}>
          {state === "failed" ? (
            text("attach.failed", { reason: item.error.value ?? "" })
          ) : (
            <Way item={item} />
          )}
        </span>
        {(state === "sending" || state === "waiting") && <Bar item={item} name={name} />}
      </span>
      {state === "failed" && (
        <button
          type="button"
          class="icon tool"
          aria-label={text("attach.retry")}
          onClick={() => attaching.retry(item)}
        >
          <AgainIcon />
        </button>
      )}
      <button
        type="button"
        class="icon tool"
        aria-label={isDone ? text("attach.remove", { name }) : text("attach.cancel", { name })}
        onClick={() => attaching.remove(item)}
      >
        <CrossIcon />
      </button>
    </li>
  );
}

/** How far it is, and how fast. */
function Way({ item }: { item: UploadItem }): VNode {
  const tag = language();
  const size = sizeText(item.file.size, tag);
  if (item.state.value === "done") return <>{size}</>;
  const speed = item.speed.value;
  return (
    <>
      {text("attach.sending", { sent: sizeText(item.sent.value, tag), size })}
      {speed > 0 && ` · ${text("attach.speed", { speed: sizeText(speed, tag) })}`}
    </>
  );
}

function Bar({ item, name }: { item: UploadItem; name: string }): VNode {
  const percent = useComputed(() => Math.floor((item.sent.value / Math.max(item.file.size, 1)) * 100)).value;
  return (
    <progress max={100} value={percent} aria-label={text("attach.progress", { name, percent })}>
      {percent}
    </progress>
  );
}

/** A small picture of an image, else the sign of its kind. */
function Small({ file }: { file: File }): VNode {
  const [small, setSmall] = useState<Blob | null>(null);
  const url = useBlobUrl(small);
  const isImage = kindOf({ mediaType: file.type }) === "image";
  useEffect(() => {
    if (isImage) thumbnail(file).then(setSmall, () => {}); // one that cannot be drawn has its sign
  }, [file]);
  return url ? <img class="small" src={url} alt="" /> : <FileSign mediaType={file.type} />;
}
