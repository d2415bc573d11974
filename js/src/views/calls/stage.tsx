import { useSignal } from "@preact/signals";
import type { TargetedKeyboardEvent, VNode } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { CallSession } from "../../calls/session";
import type { CallPeer, Participant } from "../../contract";
import { text } from "../../texts/texts";
import { shownName } from "../words";
import { Controls } from "./controls";
import { SharedScreen } from "./shared-screen";
import { Tile } from "./tile";
import { Tiles } from "./tiles";
import { useLostFocus } from "./use-lost-focus";

interface Props {
  session: CallSession;
  people: readonly Participant[];
}

/** The call while one is in it. The space bar lets one speak while it is held. */
export function Stage({ session, people }: Props): VNode {
  const speakerView = useSignal(false);
  const wide = useSignal(false);
  const talking = useSignal(false);
  const stage = useRef<HTMLElement>(null);
  const video = useRef<HTMLVideoElement | null>(null);
  useLostFocus(stage);
  const peers = session.peers.value;
  const screen = screenOf(session);
  const large = screen ? null : speakerView.value ? largeOf(session) : null;
  const small = peers.filter((peer) => peer !== large);

  const onKeyDown = (event: TargetedKeyboardEvent<HTMLElement>): void => {
    if (event.key !== " " || isControl(event)) return;
    const heard = session.heard.value;
    if (talking.value || !heard) event.preventDefault(); // it would move the page
    if (event.repeat || heard) return;
    talking.value = true;
    void session.mute(false);
  };
  const hush = (): void => {
    if (!talking.peek()) return;
    talking.value = false;
    void session.mute(true);
  };
  const onKeyUp = (event: TargetedKeyboardEvent<HTMLElement>): void => {
    if (event.key !== " " || !talking.value) return;
    event.preventDefault();
    hush();
  };
  // A key that is let go elsewhere is not heard here.
  useLayoutEffect(() => {
    globalThis.addEventListener("blur", hush);
    return () => {
      globalThis.removeEventListener("blur", hush);
      hush();
    };
  }, []);
  const notice =
    session.media.problem.value ?? session.notice.value ?? (session.thin.value ? text("call.thin") : null);
  return (
    <section
      ref={stage}
      aria-label={text("sheet.call")}
      class={`call stage${wide.value ? " wide" : ""}`}
      tabIndex={-1}
      data-first
      onKeyDown={onKeyDown}
      onKeyUp={onKeyUp}
      onFocusOut={hush}
    >
      {session.voices.blocked.value && (
        <button type="button" class="join" onClick={() => session.voices.unblock()}>
          {text("call.hear")}
        </button>
      )}
      {notice && (
        <p class="call-note" role="status">
          {notice}
        </p>
      )}
      <div class="pictures">
        {screen && (
          <SharedScreen
            key={screen.track.id}
            session={session}
            track={screen.track}
            label={screen.label}
            video={video}
          />
        )}
        {large && <Tile session={session} peer={large} people={people} large video={video} />}
        <Tiles session={session} peers={small} people={people} strip={Boolean(screen || large)} />
      </div>
      <Controls
        session={session}
        speakerView={speakerView}
        wide={wide}
        video={video}
        canPip={Boolean(screen || large)}
      />
    </section>
  );
}

/** A key for a button or a field is not for the microphone. */
function isControl({ target }: TargetedKeyboardEvent<HTMLElement>): boolean {
  return (target as Element).matches("button, input, select, textarea, summary");
}

/** The screen that is shown: somebody's, or one's own. */
function screenOf(session: CallSession): { track: MediaStreamTrack; label: string } | null {
  const own = session.media.tracks.screen.value;
  if (own) return { track: own, label: text("call.yourScreen") };
  const peer = session.peers.value.find(({ media }) => media.screen);
  const track = peer && session.remotes.value.get(peer.peerId)?.tracks.value.screen;
  return peer && track ? { track, label: text("call.screenOf", { name: shownName(peer.userName) }) } : null;
}

/** Whoever spoke last, else somebody else than oneself. */
function largeOf(session: CallSession): CallPeer | null {
  const peers = session.peers.value;
  const { speaker } = session.speaking.value;
  return (
    peers.find(({ peerId }) => peerId === speaker) ??
    peers.find(({ peerId }) => peerId !== session.selfId.value) ??
    null
  );
}
