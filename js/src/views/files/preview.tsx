import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect } from "preact/hooks";
import type { Attachment } from "../../files/attachment";
import { fetchHead } from "../../files/fetching";
import { notebookText } from "../../files/notebook";
import { firstRows, rowsFrom } from "../../files/rows";
import type { Store } from "../../store/store";
import { text } from "../../texts/texts";

const MOST_CHARS = 20_000;
const PARQUET = "application/vnd.apache.parquet";

interface Read {
  rows?: string[][];
  words?: string;
  goesOn: boolean;
}

/** How a text or a table begins. */
export function Beginning({ store, file }: { store: Store; file: Attachment }): VNode {
  const read = useSignal<Read | null>(null);
  const error = useSignal<string | null>(null);
  useEffect(() => {
    beginningOf(store, file).then(
      (found) => {
        read.value = found;
      },
      (reason: Error) => {
        error.value = reason.message;
      },
    );
  }, [file.id]);
  if (error.value)
    return (
      <p class="hint wrong" role="alert">
        {error.value}
      </p>
    );
  const { rows, words, goesOn } = read.value ?? { goesOn: false };
  return (
    <div class="beginning" aria-busy={read.value === null}>
      {rows && <Rows rows={rows} />}
      {words !== undefined && <pre>{words}</pre>}
      {goesOn && <p class="hint">{text("attach.goesOn")}</p>}
    </div>
  );
}

function Rows({ rows }: { rows: string[][] }): VNode {
  const [head = [], ...body] = rows;
  return (
    <table aria-label={text("attach.rows")}>
      <thead>
        <tr>
          {head.map((cell) => (
            <th key={cell} scope="col">
              {cell}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {body.map((row, index) => (
          <tr key={`${index}:${row[0]}`}>
            {row.map((cell, column) => (
              <td key={`${head[column]}`}>{cell}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

async function beginningOf(store: Store, file: Attachment): Promise<Read> {
  if (file.mediaType === PARQUET) {
    return rowsFrom(await store.ask<string[][]>({ kind: "fileRows", id: file.id, size: file.size }));
  }
  const head = await fetchHead(store, file);
  const content = new TextDecoder().decode(head);
  const isWhole = head.byteLength >= file.size;
  if (file.mediaType === "text/csv") return firstRows(content, ",", isWhole);
  if (file.mediaType === "text/tab-separated-values") return firstRows(content, "\t", isWhole);
  const words = file.mediaType.includes("ipynb") ? notebookText(content) : content;
  return { words: words.slice(0, MOST_CHARS), goesOn: !isWhole || words.length > MOST_CHARS };
}
