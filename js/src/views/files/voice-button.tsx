import type { VNode } from "preact";
import { useContext } from "preact/hooks";
import { mayCapture } from "../../calls/capture-problems";
import { whyClosed } from "../../composing/closed";
import { ChunksContext, useChunk } from "../../lazy/lazy";
import type { Store } from "../../store/store";
import { text } from "../../texts/texts";
import { icon } from "../icons";

const MicIcon = icon(
  "M8 2a2 2 0 0 1 2 2v4a2 2 0 0 1-4 0V4a2 2 0 0 1 2-2zM3.5 7.5a4.5 4.5 0 0 0 9 0M8 12v2.5",
);

/** Records a voice message while it is held. Nothing is opened, or fetched, before that. */
export function VoiceButton({ store }: { store: Store }): VNode | null {
  const chunks = useContext(ChunksContext);
  const { module, error } = useChunk("voice", false);
  if (!mayCapture()) return null;
  const recorder = module?.recorderOf(store);
  const act = (what: "press" | "release"): void => {
    chunks?.load("voice").then(
      ({ recorderOf }) => recorderOf(store)[what](),
      () => {}, // its failure is shown
    );
  };
  const closed = whyClosed(store);
  const isOn = (recorder?.state.value ?? "idle") !== "idle";
  return (
    <>
      <button
        type="button"
        class={isOn ? "icon tool recording" : "icon tool"}
        aria-label={text("voice.record")}
        title={closed ?? text("voice.hint")}
        aria-pressed={isOn}
        disabled={closed !== null}
        onPointerDown={(event) => {
          if (event.button === 0) act("press");
        }}
        onPointerUp={() => act("release")}
        onKeyDown={(event) => {
          if (event.key !== " " && event.key !== "Enter") return;
          event.preventDefault();
          if (!event.repeat) act("press");
        }}
        onKeyUp={(event) => {
          if (event.key === " " || event.key === "Enter") act("release");
        }}
      >
        <MicIcon />
      </button>
      {error && (
        <span class="notice" role="alert">
          {error}
        </span>
      )}
      {module && <module.VoicePanel store={store} />}
    </>
  );
}
