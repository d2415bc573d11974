import { useSignal } from "@preact/signals";
import type { TargetedEvent, VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { plainLine, plainName } from "../../plain";
import type { Store } from "../../store/store";
import { text } from "../../texts/texts";
import { goFrom } from "./go-to";
import { reasonOf } from "./reason";
import { type Brought, bringIn } from "./upload";

/** Brings in the conversations of a file of one's choice; each is one of one's own then. */
export function Import({ store }: { store: Store }): VNode {
  const said = useSignal<{ words: string; isWrong: boolean } | null>(null);
  const brought = useSignal<readonly Brought[]>([]);
  const running = useSignal<AbortController | null>(null);
  const field = useRef<HTMLInputElement>(null);
  const shown = useRef(new AbortController());
  useEffect(() => () => shown.current.abort(), []);
  // What became of it is below the fold of a low view.
  const news = useRef<HTMLUListElement>(null);
  const count = brought.value.length;
  useEffect(() => {
    if (count > 0) news.current?.lastElementChild?.scrollIntoView({ block: "nearest" });
  }, [count]);

  const take = async (file: File): Promise<void> => {
    const run = new AbortController();
    shown.current.signal.addEventListener("abort", () => run.abort(), { signal: run.signal });
    running.value = run;
    brought.value = [];
    const say = (words: string, isWrong = false): void => {
      said.value = { words, isWrong };
    };
    try {
      await bringIn(store, file, run.signal, {
        sent: (part) => say(text("files.sending", { part: Math.round(part * 100) })),
        reading: () => say(text("files.reading")),
        done: (each, left) => {
          brought.value = [...brought.value, each];
          say(text("files.bringing", { done: brought.value.length, all: brought.value.length + left }));
        },
      });
      if (run.signal.aborted) say(text("files.stopped", { count: countOf(brought.value) }));
      else say(text("files.brought", { count: countOf(brought.value) }));
    } catch (error) {
      say(reasonOf(error), true);
    } finally {
      running.value = null;
    }
  };
  const onChange = ({ currentTarget }: TargetedEvent<HTMLInputElement>): void => {
    const [file] = currentTarget.files ?? [];
    currentTarget.value = "";
    if (file) take(file);
  };
  const open = async (conversationId: string): Promise<void> => {
    try {
      await goFrom(store, "files", conversationId);
    } catch (error) {
      said.value = { words: reasonOf(error), isWrong: true };
    }
  };
  return (
    <section class="import" aria-label={text("files.importHead")}>
      <h3>{text("files.importHead")}</h3>
      <p class="hint">{text("files.importHint")}</p>
      <p class="begin">
        <button
          type="button"
          class="plain"
          aria-disabled={running.value !== null}
          onClick={() => running.value ?? field.current?.click()}
        >
          {text("files.choose")}
        </button>
        {running.value && (
          <button type="button" class="quiet" onClick={() => running.value?.abort()}>
            {text("files.stop")}
          </button>
        )}
      </p>
      <input
        ref={field}
        type="file"
        accept=".json,.zip"
        hidden
        aria-label={text("files.choose")}
        onChange={onChange}
      />
      <p class={said.value?.isWrong ? "hint wrong" : "hint"} role="status">
        {said.value?.words}
      </p>
      <ul ref={news} class="brought" aria-label={text("files.importHead")}>
        {brought.value.map((each, index) => {
          const { conversationId: id, problem } = each;
          const name = plainName(each.title) || text("files.untitled");
          return (
            <li key={index} class="row">
              {id === null ? (
                <span class="go">
                  <bdi class="name">{name}</bdi>
                  <span class="hint wrong">{text("files.problem", { problem: plainLine(problem) })}</span>
                </span>
              ) : (
                <button type="button" class="go" onClick={() => open(id)}>
                  <bdi class="name">{name}</bdi>
                  <span class="hint">
                    {each.existed ? text("files.existed") : text("files.messages", { count: each.messages })}
                  </span>
                </button>
              )}
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function countOf(brought: readonly Brought[]): number {
  return brought.filter((each) => each.conversationId !== null).length;
}
