// One RTCPeerConnection, and in it a place for voice, camera and screen each, in this order.
import { TRACK_KINDS, type TrackKind, type Tracks } from "./carrier";

const POINTER = { negotiated: true, id: 0, ordered: false, maxRetransmits: 0 };

export interface Places {
  readonly pc: RTCPeerConnection;
  /** Carries where somebody points. */
  readonly pointer: RTCDataChannel;
  of(kind: TrackKind): RTCRtpTransceiver | undefined;
  kindOf(transceiver: RTCRtpTransceiver): TrackKind | undefined;
  /** Makes them: whoever offers does. */
  make(local: Tracks): void;
  /** Puts the own tracks into their places. */
  fill(local: Tracks): Promise<void>;
}

export function openPlaces(configuration: RTCConfiguration): Places {
  const pc = new RTCPeerConnection({ ...configuration, bundlePolicy: "max-bundle" });
  const pointer = pc.createDataChannel("pointer", POINTER);
  const of = (kind: TrackKind): RTCRtpTransceiver | undefined => {
    const media = kind === "audio" ? "audio" : "video";
    const same = pc.getTransceivers().filter(({ receiver }) => receiver.track.kind === media);
    return same[kind === "screen" ? 1 : 0];
  };
  return {
    pc,
    pointer,
    of,
    kindOf: (transceiver) => TRACK_KINDS.find((kind) => of(kind) === transceiver),
    make(local) {
      for (const kind of TRACK_KINDS)
        pc.addTransceiver(local[kind] ?? (kind === "audio" ? "audio" : "video"), { direction: "sendrecv" });
    },
    async fill(local) {
      for (const kind of TRACK_KINDS) {
        const place = of(kind);
        if (!place) {
          // A peer that offers fewer places than we need gets the rest from us.
          if (local[kind]) pc.addTransceiver(local[kind], { direction: "sendrecv" });
          continue;
        }
        place.direction = "sendrecv";
        if (place.sender.track !== local[kind]) await place.sender.replaceTrack(local[kind]);
      }
    },
  };
}
