import type { ComponentChildren, VNode } from "preact";
import { useState } from "preact/hooks";
import { type Attachment, type FileKind, isVoice, kindOf, sizeText } from "../../files/attachment";
import { Lazy } from "../../lazy/lazy";
import type { Store } from "../../store/store";
import { language, text } from "../../texts/texts";
import { FileSign } from "./file-sign";
import { Beginning } from "./preview";
import { SaveButton } from "./save-button";
import { useBlobUrl } from "./use-blob-url";
import { useFile } from "./use-file";

interface FileCardProps {
  store: Store;
  file: Attachment;
  /** What can be done with it; without any, what its kind allows. */
  children?: ComponentChildren;
  error?: string | null;
  percent?: number | null;
}

const PLAYED: ReadonlySet<FileKind> = new Set(["audio", "video"]);
const READ: ReadonlySet<FileKind> = new Set(["table", "text"]);

/** A file by its name and size, with what can be done with it. */
export function FileCard({ store, file, children, error, percent }: FileCardProps): VNode {
  const kind = kindOf(file);
  const voice = isVoice(file);
  const fetching = useFile(store, file);
  const [isOpen, setOpen] = useState(false);
  const [media, setMedia] = useState<Blob | null>(null);
  const url = useBlobUrl(media);
  const size = sizeText(file.size, language());
  const coming = percent ?? fetching.percent;
  const wrong = error ?? fetching.error;

  return (
    <div class="file">
      <div class="row">
        <FileSign mediaType={file.mediaType} />
        <span class="what">
          <span class="name" title={file.name}>
            {file.name}
          </span>
          <span class="hint">{coming === null ? size : text("attach.loading", { percent: coming })}</span>
        </span>
        {children}
        {!children && PLAYED.has(kind) && !url && (
          <button type="button" class="plain" onClick={() => fetching.use(setMedia)}>
            {text("attach.play", { size })}
          </button>
        )}
        {READ.has(kind) && (
          <button type="button" class="plain" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
            {isOpen ? text("attach.hide") : text("attach.preview")}
          </button>
        )}
        {kind === "pdf" && (
          <button type="button" class="plain" onClick={() => fetching.use(openPdf)}>
            {text("attach.open")}
          </button>
        )}
        <SaveButton store={store} file={file} fetching={fetching} />
      </div>
      {wrong && (
        <p class="hint wrong" role="alert">
          {wrong}
        </p>
      )}
      {url && media && voice && (
        <Lazy chunk="voice">{({ Player }) => <Player blob={media} url={url} />}</Lazy>
      )}
      {/* biome-ignore lint/a11y/useMediaCaption: what people record for each other has none */}
      {url && kind === "audio" && !voice && <audio controls src={url} />}
      {/* biome-ignore lint/a11y/useMediaCaption: what people record for each other has none */}
      {url && kind === "video" && <video controls src={url} />}
      {isOpen && <Beginning store={store} file={file} />}
    </div>
  );
}

/** Opens a PDF in a tab of its own, where the browser's own reader shows it; its type is the hub's word, by content. */
function openPdf(blob: Blob): void {
  const url = URL.createObjectURL(new Blob([blob], { type: "application/pdf" }));
  window.open(url, "_blank", "noopener");
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
