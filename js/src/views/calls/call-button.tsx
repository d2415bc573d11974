import type { VNode } from "preact";
import { useEffect } from "preact/hooks";
import { wasInCall } from "../../calls/resuming";
import { whyClosed } from "../../composing/closed";
import { useChunk } from "../../lazy/lazy";
import type { Store } from "../../store/store";
import { numeral, text } from "../../texts/texts";
import { icon } from "../icons";
import { callPlaceOf } from "./call-place";

const PhoneIcon = icon(
  "M3.2 2.5h2.3l1.2 3-1.5 1.1a8 8 0 0 0 4.2 4.2l1.1-1.5 3 1.2v2.3c0 .6-.4 1-1 1A10.3 10.3 0 0 1 2.2 3.5c0-.6.4-1 1-1z",
);

/** Opens the call; red while anything is taken from this person, with a number while others talk. */
export function CallButton({ store }: { store: Store }): VNode | null {
  const call = store.select.settled.value?.call;
  const resumes = call !== undefined && wasInCall(store.clock.now(), callPlaceOf(store));
  const { module } = useChunk("calls", resumes);
  const session = module?.sessionOf(store);
  useEffect(() => session?.attach(), [session]);
  if (call === undefined) return null;
  const count = call?.peers.length ?? 0;
  const live = session?.media.live.value ?? false;
  const isIn = session?.phase.value === "in";
  const closed = isIn ? null : whyClosed(store);
  const label = [
    count > 0 ? text("call.openCount", { count }) : text("call.open"),
    ...(isIn ? [text("call.inCall")] : []),
    ...(live ? [text("call.onAir")] : []),
  ].join(". ");
  return (
    <button
      type="button"
      class={`icon call-button${isIn ? " in" : ""}${live ? " live" : ""}`}
      aria-label={label}
      title={closed ?? label}
      disabled={closed !== null}
      aria-haspopup="dialog"
      aria-expanded={store.composing.sheet.value === "call"}
      onClick={() => store.composing.toggle("call")}
    >
      <PhoneIcon />
      {count > 0 && <span class="call-count">{numeral(count)}</span>}
    </button>
  );
}
