// Candidates on their way: one may come before the description that it belongs to, or long after it.

/** Of one peer; the oldest go first, for they belong to what is over. */
const MOST_WAITING = 64;

export interface Candidates {
  take(candidate: RTCIceCandidateInit): Promise<void>;
  /** Another description counts: what waited for it is taken. */
  described(): Promise<void>;
}

export function createCandidates(pc: RTCPeerConnection): Candidates {
  let waiting: RTCIceCandidateInit[] = [];

  const fits = ({ usernameFragment }: RTCIceCandidateInit): boolean => {
    const sdp = pc.remoteDescription?.sdp;
    return Boolean(sdp && (!usernameFragment || sdp.includes(`ice-ufrag:${usernameFragment}`)));
  };
  const take = async (candidate: RTCIceCandidateInit): Promise<void> => {
    if (fits(candidate))
      await pc.addIceCandidate(candidate).catch(() => {}); // one way less, no more
    else waiting = [...waiting, candidate].slice(-MOST_WAITING);
  };
  return {
    take,
    async described() {
      const before = waiting;
      waiting = [];
      for (const candidate of before) await take(candidate);
    },
  };
}
