import type { RefObject, VNode } from "preact";
import type { Remote } from "../../calls/carrier";
import type { CallSession } from "../../calls/session";
import { speaks } from "../../calls/speaker";
import type { CallPeer, Participant } from "../../contract";
import { numeral, type PlainKey, text } from "../../texts/texts";
import { Avatar } from "../people/avatar";
import { shownName } from "../words";
import { MutedIcon } from "./icons";
import { Picture } from "./picture";

interface Props {
  session: CallSession;
  peer: CallPeer;
  people: readonly Participant[];
  large?: boolean;
  video?: RefObject<HTMLVideoElement | null>;
}

/** One peer: their picture or their initials, their name, and how the way to them does. */
export function Tile({ session, peer, people, large = false, video }: Props): VNode {
  const { peerId, userId, userName } = peer;
  const isSelf = peerId === session.selfId.value;
  const remote = session.remotes.value.get(peerId);
  const trouble = remote && troubleOf(remote, session.hasRelay.value);
  const track = isSelf ? session.media.tracks.video.value : pictureOf(peer, remote);
  const heard = isSelf ? session.heard.value : peer.media.audio;
  const name = isSelf ? text("message.you") : shownName(userName);
  const rings = !isSelf && heard && speaks(session.speaking.value, peerId);
  return (
    <figure class={`tile${large ? " large" : ""}${rings ? " speaks" : ""}`} data-peer={peerId}>
      {/* Behind the picture: it may come later, or be stopped for the voice's sake. */}
      <Avatar name={userName} participant={people.find((person) => person.userId === userId)} />
      {track && (
        <Picture
          track={track}
          label={text("call.pictureOf", { name })}
          mirrored={isSelf}
          {...(video && { video })}
        />
      )}
      {trouble && <p class="tile-trouble">{text(trouble)}</p>}
      <figcaption>
        {!heard && (
          <span class="muted-sign" title={text("call.muted")}>
            <MutedIcon />
            <span class="sr-only">{text("call.muted")}</span>
          </span>
        )}
        <bdi>{name}</bdi>
        {remote && !trouble && <QualityLine remote={remote} />}
      </figcaption>
    </figure>
  );
}

/** Their picture; before the first connection there is a track, and nothing in it. */
function pictureOf({ media }: CallPeer, remote: Remote | undefined): MediaStreamTrack | null {
  const began = remote?.state.value === "connected" || remote?.quality.value;
  return media.video && remote && began ? remote.tracks.value.video : null;
}

function troubleOf({ state }: Remote, hasRelay: boolean): PlainKey | null {
  if (state.value === "connecting") return "call.connecting";
  if (state.value === "lost") return "call.lost";
  if (state.value === "unreachable") return hasRelay ? "call.unreachable" : "call.noRelay";
  return null;
}

/** How it does, as measured: nothing is shown before anything was. */
function QualityLine({ remote }: { remote: Remote }): VNode | null {
  const quality = remote.quality.value;
  if (!quality || quality.roundTrip === null) return null;
  const { roundTrip, loss, width, height, relayed } = quality;
  const values = { trip: numeral(Math.round(roundTrip)), loss: numeral(Math.round((loss ?? 0) * 100)) };
  const line =
    width > 0 ? text("call.qualitySize", { ...values, width, height }) : text("call.quality", values);
  return <small>{relayed ? `${line} · ${text("call.relayed")}` : line}</small>;
}
