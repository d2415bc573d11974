import type { VNode } from "preact";
import type { ChatMessage } from "../../contract";
import { type Attachment, attachmentsOf, kindOf } from "../../files/attachment";
import type { Store } from "../../store/store";
import { text } from "../../texts/texts";
import { FileCard } from "./file-card";
import { Picture } from "./picture";

/** The files of a message: pictures as pictures, the others as cards. */
export function MessageFiles({ store, message }: { store: Store; message: ChatMessage }): VNode | null {
  const files = attachmentsOf(message);
  if (files.length === 0) return null;
  return (
    <ul class="attached" aria-label={text("attach.files")}>
      {files.map((file) => (
        <li key={file.id} data-kind={kindOf(file)}>
          <Shown store={store} file={file} />
        </li>
      ))}
    </ul>
  );
}

function Shown({ store, file }: { store: Store; file: Attachment }): VNode {
  return kindOf(file) === "image" ? (
    <Picture store={store} file={file} />
  ) : (
    <FileCard store={store} file={file} />
  );
}
