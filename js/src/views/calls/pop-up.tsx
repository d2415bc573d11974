import { useSignal } from "@preact/signals";
import type { ComponentChildren, TargetedKeyboardEvent, VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";

interface Props {
  label: string;
  icon: () => VNode;
  class: string;
  /** What is in the menu: groups and items, and what shows the state of something beside them. */
  children: (close: () => void) => ComponentChildren;
}

/** A button with a menu above it. The arrow keys go through its items, Escape closes it. */
export function PopUp({ label, icon: Icon, class: kind, children }: Props): VNode {
  const isOpen = useSignal(false);
  const box = useRef<HTMLSpanElement>(null);
  const button = useRef<HTMLButtonElement>(null);

  useEffect(() => {
    if (!isOpen.value) return undefined;
    const element = box.current;
    const first = element?.querySelector<HTMLElement>("[aria-checked=true]") ?? itemsOf(element)[0];
    first?.focus();
    const onPress = (event: Event): void => {
      if (element && !event.composedPath().includes(element)) isOpen.value = false;
    };
    document.addEventListener("pointerdown", onPress, true);
    return () => document.removeEventListener("pointerdown", onPress, true);
  }, [isOpen.value]);

  const close = (): void => {
    isOpen.value = false;
    button.current?.focus();
  };
  const onKeyDown = (event: TargetedKeyboardEvent<HTMLElement>): void => {
    if (!isOpen.value) return;
    if (event.key === "Escape") close();
    else if (!step(event.key, box.current)) return;
    event.preventDefault();
    event.stopPropagation(); // the sheet would close, the page would move
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys are those of the menu's items.
    <span
      ref={box}
      class={`pop-up ${kind}`}
      onKeyDown={onKeyDown}
      onFocusOut={({ relatedTarget }) => {
        // What is pressed may be no place for the focus: the pointer is looked after above.
        if (relatedTarget && !box.current?.contains(relatedTarget as Node)) isOpen.value = false;
      }}
    >
      <button
        ref={button}
        type="button"
        class="icon control opener"
        aria-label={label}
        title={label}
        aria-haspopup="menu"
        aria-expanded={isOpen.value}
        onClick={() => {
          isOpen.value = !isOpen.value;
        }}
      >
        <Icon />
      </button>
      {isOpen.value && <div class="panel">{children(close)}</div>}
    </span>
  );
}

function itemsOf(element: Element | null): HTMLElement[] {
  return [...(element?.querySelectorAll<HTMLElement>("[role^=menuitem]") ?? [])];
}

/** Moves the focus among the items; false for a key that does not. */
function step(key: string, element: HTMLElement | null): boolean {
  const items = itemsOf(element);
  const root = element?.getRootNode() as ShadowRoot | Document | undefined;
  const at = items.indexOf(root?.activeElement as HTMLElement);
  const places: Record<string, number> = {
    ArrowDown: (at + 1) % items.length,
    ArrowUp: (at - 1 + items.length) % items.length,
    Home: 0,
    End: items.length - 1,
  };
  const place = places[key];
  if (place === undefined) return false;
  items[place]?.focus();
  return true;
}
