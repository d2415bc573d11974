import type { VNode } from "preact";
import type { Attachment } from "../../files/attachment";
import type { Store } from "../../store/store";
import { text } from "../../texts/texts";
import { saveBlob } from "../save-file";
import { SaveIcon } from "./icons";
import { type FileUse, useFile } from "./use-file";

interface SaveButtonProps {
  store: Store;
  file: Attachment;
  /** Where the file is fetched with others' words; by itself the button says how far it is. */
  fetching?: FileUse;
}

/** Hands the file to the browser, which asks where it should go. */
export function SaveButton({ store, file, fetching }: SaveButtonProps): VNode {
  const own = useFile(store, file);
  const { percent, error, use } = fetching ?? own;
  const label = text("attach.download", { name: file.name });
  return (
    <button
      type="button"
      class="icon tool"
      aria-label={label}
      aria-busy={percent !== null}
      title={error ?? (percent === null ? label : text("attach.loading", { percent }))}
      onClick={(event) => {
        event.stopPropagation();
        use((blob) => saveBlob(file.name, blob));
      }}
    >
      <SaveIcon />
    </button>
  );
}
