import type { TargetedKeyboardEvent, VNode } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { SheetName } from "../../composing/composing";
import { Lazy } from "../../lazy/lazy";
import type { Store } from "../../store/store";
import { text } from "../../texts/texts";
import { CloseIcon } from "../actions/icons";
import { HelpSheet } from "./help-sheet";
import { ParametersSheet } from "./parameters-sheet";
import { PeopleSheet } from "./people-sheet";

/** What finds and takes along is a chunk of its own. */
const Found = ({
  store,
  of,
}: {
  store: Store;
  of: "Search" | "Conversations" | "Files" | "Pinned";
}): VNode => (
  <Lazy chunk="finding">
    {(finding) => {
      const Content = finding[of];
      return <Content store={store} />;
    }}
  </Lazy>
);

const CONTENT: Readonly<Record<SheetName, (props: { store: Store }) => VNode>> = {
  parameters: ParametersSheet,
  people: PeopleSheet,
  help: HelpSheet,
  search: ({ store }) => <Found store={store} of="Search" />,
  conversations: ({ store }) => <Found store={store} of="Conversations" />,
  details: ({ store }) => <Lazy chunk="details">{({ DetailsSheet }) => <DetailsSheet store={store} />}</Lazy>,
  call: ({ store }) => <Lazy chunk="calls">{({ CallSheet }) => <CallSheet store={store} />}</Lazy>,
  files: ({ store }) => <Found store={store} of="Files" />,
  queue: ({ store }) => <Lazy chunk="queue">{({ QueueSheet }) => <QueueSheet store={store} />}</Lazy>,
  pinned: ({ store }) => <Found store={store} of="Pinned" />,
};

/** A sheet beside the conversation: it covers, it moves nothing, and the conversation goes on under it. */
export function Sheet({ store, name }: { store: Store; name: SheetName }): VNode {
  const box = useRef<HTMLElement>(null);
  const Content = CONTENT[name];
  const title = text(`sheet.${name}`);

  const before = useRef<HTMLElement | null>(null);

  // Looked up before any effect of the content moves the focus; from sheet to sheet it stays what opened the first.
  useLayoutEffect(() => {
    const active = (box.current?.getRootNode() as ShadowRoot | undefined)?.activeElement;
    if (active && !box.current?.contains(active)) before.current = active as HTMLElement;
  }, [name]);

  // Who closes it is back where they were.
  useEffect(() => {
    const element = box.current;
    const root = element?.getRootNode() as ShadowRoot | undefined;
    (element?.querySelector<HTMLElement>("[data-first]") ?? element)?.focus();
    return () => {
      if (element?.contains(root?.activeElement ?? null) || !root?.activeElement) before.current?.focus();
    };
  }, [name]);

  const close = (): void => {
    store.composing.sheet.value = null;
  };
  const onKeyDown = (event: TargetedKeyboardEvent<HTMLElement>): void => {
    if (event.key !== "Escape" || event.isComposing) return;
    event.preventDefault();
    event.stopPropagation(); // it would stop the answer
    close();
  };
  return (
    <section
      ref={box}
      class="sheet"
      role="dialog"
      aria-label={title}
      tabIndex={-1}
      data-sheet={name}
      onKeyDown={onKeyDown}
    >
      <header>
        <h2>{title}</h2>
        <button
          type="button"
          class="icon"
          aria-label={text("sheet.close")}
          title={`${text("sheet.close")} (Esc)`}
          onClick={close}
        >
          <CloseIcon />
        </button>
      </header>
      <div class="sheet-body">
        <Content store={store} />
      </div>
    </section>
  );
}
