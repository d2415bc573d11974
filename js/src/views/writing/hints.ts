// What the field and its button say when one points at them.
import { modKeys, type SendKey } from "../../composing/send-key";
import { text } from "../../texts/texts";

export function fieldHint(sendKey: SendKey): string {
  return sendKey === "enter"
    ? text("composer.hintEnter")
    : text("composer.hintModEnter", { keys: modKeys() });
}

export function sendHint(sendKey: SendKey): string {
  return text("composer.sendHint", { keys: sendKey === "enter" ? "Enter" : modKeys() });
}
