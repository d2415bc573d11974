import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { mayCapture } from "../../calls/capture-problems";
import type { CallSession } from "../../calls/session";
import type { Participant } from "../../contract";
import { text } from "../../texts/texts";
import { Avatar } from "../people/avatar";
import { shownName } from "../words";
import { DeviceChoice } from "./device-choice";
import { Elsewhere } from "./elsewhere";
import { LevelMeter } from "./level-meter";
import { Picture } from "./picture";
import { useLostFocus } from "./use-lost-focus";

interface Props {
  session: CallSession;
  people: readonly Participant[];
}

/** Before one joins: who is there, and how one is going to be heard and seen. Nothing is opened without a click. */
export function Lobby({ session, people }: Props): VNode {
  const { media, phase, notice } = session;
  const allowed = mayCapture();
  const audio = useSignal(allowed);
  const video = useSignal(false);
  const peers = session.peers.value;
  const problem = media.problem.value ?? notice.value;
  const button = useRef<HTMLButtonElement>(null);
  useLostFocus(button);
  const joining = phase.value === "joining";
  // Whoever goes without joining is seen and heard by nothing any more.
  useEffect(
    () => () => {
      if (phase.peek() === "out") for (const kind of ["audio", "video"] as const) media.stop(kind);
    },
    [media, phase],
  );
  const join = (): void => void session.join({ audio: audio.value, video: video.value });
  return (
    <div class="call lobby">
      {peers.length === 0 ? (
        <p class="intro">{text("call.empty")}</p>
      ) : (
        <ul class="in-call" aria-label={text("call.inIt")}>
          {peers.map(({ peerId, userId, userName }) => (
            <li key={peerId}>
              <Avatar name={userName} participant={people.find((person) => person.userId === userId)} />
              <bdi>{shownName(userName)}</bdi>
            </li>
          ))}
        </ul>
      )}
      {allowed ? (
        <>
          <DeviceChoice session={session} kind="audio" wanted={audio}>
            {media.tracks.audio.value ? (
              <LevelMeter track={media.tracks.audio.value} />
            ) : (
              <button type="button" class="plain" onClick={() => void media.open("audio")}>
                {text("call.try")}
              </button>
            )}
          </DeviceChoice>
          <DeviceChoice session={session} kind="video" wanted={video}>
            {media.tracks.video.value ? (
              <Picture track={media.tracks.video.value} label={text("call.camera")} mirrored />
            ) : (
              <button type="button" class="plain" onClick={() => void media.open("video")}>
                {text("call.try")}
              </button>
            )}
          </DeviceChoice>
        </>
      ) : (
        <Elsewhere session={session} />
      )}
      {problem && (
        <p class="call-note wrong" role="alert">
          {problem}
        </p>
      )}
      <button ref={button} type="button" class="join" data-first disabled={joining} onClick={join}>
        {text(joining ? "call.joining" : peers.length > 0 ? "call.join" : "call.start")}
      </button>
      <p class="intro">{text("call.intro")}</p>
    </div>
  );
}
