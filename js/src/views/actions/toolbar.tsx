import { useSignal } from "@preact/signals";
import type { TargetedKeyboardEvent, VNode } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { whyClosed } from "../../composing/closed";
import type { ChatMessage } from "../../contract";
import type { Store } from "../../store/store";
import { text } from "../../texts/texts";
import { CheckIcon } from "../icons";
import { MoreIcon, ReactIcon } from "./icons";
import { Menu } from "./menu";
import { actionsOf, type MessageAction } from "./message-actions";
import { Reacting } from "./reacting";

const DONE_MS = 1_500;
/** Between the toolbar and what opens, in px. */
const POPOVER_GAP = 4;
/** In a very low view what opens goes beyond the edge and the transcript scrolls, in px. */
const LEAST_ROOM = 120;

/** What can be done with a message: the usual in a row of buttons, all of it in a menu. */
export function Toolbar({ store, message }: { store: Store; message: ChatMessage }): VNode {
  const bar = useRef<HTMLDivElement>(null);
  const open = useSignal<"menu" | "react" | null>(null);
  const done = useSignal<{ words: string; isDone: boolean } | null>(null);
  /** Takes away what is said; null once the toolbar is gone. */
  const forget = useRef<(() => void) | null>(() => {});
  const above = useSignal(false);
  const actions = actionsOf(store, message);

  useEffect(
    () => () => {
      forget.current?.();
      forget.current = null;
    },
    [],
  );
  useLayoutEffect(() => {
    above.value = open.value !== null && bar.current !== null && openToRoom(bar.current);
  }, [open.value, above]);

  // A message that is deleted goes with its toolbar: who was in it is at what stands in its place.
  useLayoutEffect(() => {
    const element = bar.current;
    const root = element?.getRootNode();
    return () => {
      if (!(root instanceof ShadowRoot) || !element?.contains(root.activeElement)) return;
      queueMicrotask(() => {
        if (root.activeElement) return;
        root.querySelector<HTMLElement>(`[data-message-id="${CSS.escape(message.id)}"]`)?.focus();
      });
    };
  }, [message.id]);

  const run = async (action: MessageAction): Promise<void> => {
    open.value = null;
    const result = await action.run();
    if (action.done === undefined || !forget.current) return;
    const isDone = result === true;
    const why = typeof result === "string" ? result : text("message.copyFailed");
    done.value = { words: isDone ? action.done : why, isDone };
    forget.current(); // what was done before is no measure of how long this is shown
    forget.current = store.clock.after(DONE_MS, () => {
      done.value = null;
    });
  };
  const back = (): void => {
    if (open.value) {
      const was = open.value;
      open.value = null;
      bar.current?.querySelector<HTMLElement>(`[data-opens=${was}]`)?.focus();
    } else bar.current?.closest("article")?.focus();
  };
  const toggle = (which: "menu" | "react"): void => {
    open.value = open.value === which ? null : which;
  };
  const react: MessageAction[] = whyClosed(store)
    ? []
    : [{ key: "react", label: text("actions.react"), run: () => toggle("react") }];

  return (
    <div class="toolbar-place">
      <div
        class={["toolbar", open.value && "open", above.value && "above"].filter(Boolean).join(" ")}
        ref={bar}
        role="toolbar"
        aria-label={text("actions.label")}
        onKeyDown={(event) => onKey(event, back)}
      >
        {actions
          .filter(({ icon }) => icon)
          .map((action) => (
            <ToolButton key={action.key} label={action.label} icon={action.icon} run={() => run(action)} />
          ))}
        {react.map(({ key, label, run }) => (
          <ToolButton
            key={key}
            label={label}
            icon={ReactIcon}
            opens="react"
            expanded={open.value === "react"}
            run={run}
          />
        ))}
        <ToolButton
          label={text("actions.more")}
          icon={MoreIcon}
          opens="menu"
          expanded={open.value === "menu"}
          run={() => toggle("menu")}
        />
        {done.value && (
          <span class="done" role="status">
            {done.value.isDone && <CheckIcon />} {done.value.words}
          </span>
        )}
        {open.value === "menu" && (
          <Menu
            actions={[...react, ...actions]}
            run={(action) => {
              if (action.key === "react") {
                toggle("react");
                return;
              }
              back(); // the menu goes, and with it what was pressed
              void run(action);
            }}
          />
        )}
        {open.value === "react" && (
          <Reacting
            store={store}
            message={message}
            chosen={() => {
              back();
            }}
          />
        )}
      </div>
    </div>
  );
}

interface ToolButtonProps {
  label: string;
  icon?: (() => VNode) | undefined;
  opens?: string;
  expanded?: boolean;
  run(): void;
}

function ToolButton({ label, icon: Icon, opens, expanded, run }: ToolButtonProps): VNode {
  return (
    <button
      type="button"
      class="tool"
      aria-label={label}
      title={label}
      data-opens={opens}
      aria-expanded={expanded}
      onClick={run}
    >
      {Icon && <Icon />}
    </button>
  );
}

/** Keeps what opens within the view; returns whether it does not fit below and there is more room above. */
function openToRoom(bar: HTMLElement): boolean {
  const opened = bar.querySelector<HTMLElement>(".popover");
  const view = bar.closest(".scroller")?.getBoundingClientRect();
  if (!opened || !view) return false;
  const { top, bottom } = bar.getBoundingClientRect();
  const [below, above] = [view.bottom - bottom - POPOVER_GAP, top - view.top - POPOVER_GAP];
  const isAbove = opened.offsetHeight > below && above > below;
  bar.style.setProperty("--room", `${Math.max(LEAST_ROOM, isAbove ? above : below)}px`);
  return isAbove;
}

/** Arrow keys go from button to button, Escape to where one came from. */
function onKey(event: TargetedKeyboardEvent<HTMLElement>, back: () => void): void {
  const target = event.target as HTMLElement;
  if (event.key === "Escape") {
    event.preventDefault();
    event.stopPropagation();
    back();
    return;
  }
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step || !target.matches(".tool")) return;
  const buttons = [...event.currentTarget.querySelectorAll<HTMLElement>(".tool")];
  const direction = getComputedStyle(target).direction === "rtl" ? -step : step;
  const next = buttons[(buttons.indexOf(target) + direction + buttons.length) % buttons.length];
  event.preventDefault();
  event.stopPropagation();
  next?.focus();
}
