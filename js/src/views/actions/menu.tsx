import type { TargetedKeyboardEvent, VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { MessageAction } from "./message-actions";

interface MenuProps {
  actions: readonly MessageAction[];
  run(action: MessageAction): void;
}

/** All actions in a list: for a finger, a narrow view, and whoever looks for one by its name. */
export function Menu({ actions, run }: MenuProps): VNode {
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => list.current?.querySelector("button")?.focus(), []);
  return (
    <div class="popover menu" role="menu" ref={list} onKeyDown={onKey}>
      {actions.map((action) => (
        <button
          key={action.key}
          type="button"
          role="menuitem"
          tabIndex={-1}
          data-action={action.key}
          onClick={() => run(action)}
        >
          {action.label}
        </button>
      ))}
    </div>
  );
}

function onKey(event: TargetedKeyboardEvent<HTMLElement>): void {
  const items = [...event.currentTarget.querySelectorAll<HTMLElement>("[role=menuitem]")];
  const at = items.indexOf(event.target as HTMLElement);
  const places: Record<string, number> = {
    ArrowDown: (at + 1) % items.length,
    ArrowUp: (at - 1 + items.length) % items.length,
    Home: 0,
    End: items.length - 1,
  };
  const place = places[event.key];
  if (place === undefined) return;
  event.preventDefault();
  event.stopPropagation();
  items[place]?.focus();
}
