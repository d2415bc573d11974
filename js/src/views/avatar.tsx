import type { VNode } from "preact";
import type { Participant } from "../contract";
import { plainName } from "../plain";
import { avatarColors } from "./color";
import { SparkIcon } from "./icons";

interface AvatarProps {
  name: string;
  participant: Participant | undefined;
}

/** A person's initials on their colour. */
export function Avatar({ name, participant }: AvatarProps): VNode {
  const { background, text } = avatarColors(participant?.color ?? "");
  return (
    <span class="avatar" aria-hidden="true" style={{ background, color: text }}>
      {[...(plainName(participant?.initials) || initials(plainName(name)))].slice(0, 2).join("")}
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
  return [words[0], words.length > 1 ? words.at(-1) : ""]
    .map((word) => [...(word ?? "")][0] ?? "")
    .join("")
    .toUpperCase();
}
