import type { VNode } from "preact";
import type { Participant } from "../../contract";
import { plainName } from "../../plain";
import { SparkIcon } from "../icons";
import { avatarColors } from "./color";

interface AvatarProps {
  name: string;
  participant: Participant | undefined;
}

/**
 * What a browser may be asked for a picture: itself, a path of the page's own server, or another host by https. Python lets
 * through no path but of static files, and names hosts as browsers do: a whole address of the own server is none.
 */
const PICTURE = /^(data:image\/|https:\/\/|\/\w)/;

/** A person's initials on their colour, and over them their picture where it can be had. */
export function Avatar({ name, participant }: AvatarProps): VNode {
  const { background, text } = avatarColors(participant?.color ?? "");
  return (
    <span class="avatar" aria-hidden="true" style={{ background, color: text }}>
      {[...(plainName(participant?.initials) || initials(plainName(name)))].slice(0, 2).join("")}
      {participant?.avatarUrl?.replace(location.origin, "-").match(PICTURE) && (
        <img
          key={participant.avatarUrl}
          alt=""
          // Its host is told that somebody looks, not where.
          referrerpolicy="no-referrer"
          src={participant.avatarUrl}
          onError={({ currentTarget }) => {
            currentTarget.hidden = true;
          }}
        />
      )}
    </span>
  );
}

export function AssistantAvatar(): VNode {
  return (
    <span class="avatar assistant" aria-hidden="true">
      <SparkIcon />
    </span>
  );
}

function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  return [words[0], words.slice(1).at(-1)]
    .map((word) => [...(word ?? "")][0])
    .join("")
    .toUpperCase();
}
