import type { VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { type Attachment, sizeText } from "../../files/attachment";
import { isKept } from "../../files/fetching";
import { thumbnail } from "../../files/thumbnail";
import type { Store } from "../../store/store";
import { language, text } from "../../texts/texts";
import { FileCard } from "./file-card";
import { CrossIcon } from "./icons";
import { SaveButton } from "./save-button";
import { useBlobUrl } from "./use-blob-url";
import { useFile } from "./use-file";

/** Images up to this size are fetched as soon as they are shown. */
const UNASKED_BYTES = 1024 * 1024;

/** An image as a small picture; a click shows it in full size. */
export function Picture({ store, file }: { store: Store; file: Attachment }): VNode {
  const { percent, error, use } = useFile(store, file);
  const [small, setSmall] = useState<Blob | null>(null);
  const [full, setFull] = useState<Blob | null>(null);
  const url = useBlobUrl(small);
  const load = (): void =>
    use(async (blob) => {
      setSmall(await thumbnail(blob));
    });
  useEffect(() => {
    if (file.size <= UNASKED_BYTES || isKept(file)) load();
  }, [file.id]);

  if (!url)
    return (
      <FileCard store={store} file={file} error={error} percent={percent}>
        <button type="button" class="plain" disabled={percent !== null} onClick={load}>
          {text("attach.show", { size: sizeText(file.size, language()) })}
        </button>
      </FileCard>
    );
  return (
    <>
      <button
        type="button"
        class="picture"
        aria-label={text("attach.full", { name: file.name })}
        title={file.name}
        onClick={() => use(setFull)}
      >
        <img src={url} alt={file.name} />
      </button>
      {error && (
        <p class="hint wrong" role="alert">
          {error}
        </p>
      )}
      {full && <FullSize store={store} file={file} blob={full} close={() => setFull(null)} />}
    </>
  );
}

interface FullSizeProps {
  store: Store;
  file: Attachment;
  blob: Blob;
  close(): void;
}

function FullSize({ store, file, blob, close }: FullSizeProps): VNode {
  const dialog = useRef<HTMLDialogElement>(null);
  const url = useBlobUrl(blob);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} class="full" aria-label={file.name} onClose={close}>
      <img src={url} alt={file.name} />
      <div class="bar">
        <span class="name">{file.name}</span>
        <SaveButton store={store} file={file} />
        <button
          type="button"
          class="icon tool"
          aria-label={text("attach.close")}
          onClick={() => dialog.current?.close()}
        >
          <CrossIcon />
        </button>
      </div>
    </dialog>
  );
}
