import type { VNode } from "preact";
import { useId } from "preact/hooks";
import { modKeys, type SendKey } from "../../composing/send-key";
import type { Store } from "../../store/store";
import { text } from "../../texts/texts";
import { commandsHere } from "../writing/run-command";

/** All commands and keys, and which key sends. */
export function HelpSheet({ store }: { store: Store }): VNode {
  const { sendKey } = store.composing;
  const name = useId();
  const choice = (value: SendKey, label: string): VNode => (
    <label>
      <input
        type="radio"
        name={name}
        data-first={value === sendKey.value ? "" : undefined}
        checked={sendKey.value === value}
        onChange={() => {
          sendKey.value = value;
        }}
      />
      <kbd>{label}</kbd>
    </label>
  );
  const sends = sendKey.value === "enter";
  const inField: readonly Keys[] = [
    [sends ? "Shift+Enter" : text("help.enter"), text("help.key.newline")],
    ["↑", text("help.key.edit")],
    ["Esc", text("help.key.stop")],
    ["/", text("help.key.command")],
    ["@", text("help.key.mention")],
    ["↑ ↓", text("help.key.choose")],
    ["Tab", text("help.key.accept")],
  ];
  const inConversation: readonly Keys[] = [
    ["Shift+Tab", text("help.key.conversation")],
    ["↑ ↓", text("help.key.messages")],
    ["Home End", text("help.key.ends")],
    [text("help.enter"), text("help.key.actions")],
    ["← →", text("help.key.action")],
    ["Esc", text("help.key.back")],
    ["?", text("help.key.help")],
  ];
  return (
    <div class="help">
      <fieldset class="send-key">
        <legend>{text("help.sendKey")}</legend>
        {choice("enter", text("help.enter"))}
        {choice("mod-enter", modKeys())}
      </fieldset>
      <h3>{text("help.commands")}</h3>
      <dl>
        {commandsHere(store).map((command) => (
          <div key={command}>
            <dt>
              <code>/{command}</code>
            </dt>
            <dd>{text(`command.${command}`)}</dd>
          </div>
        ))}
      </dl>
      <p class="hint">{text("help.commandsHint")}</p>
      <h3>{text("help.keys")}</h3>
      <KeyList keys={inField} />
      <h3>{text("help.keysConversation")}</h3>
      <KeyList keys={inConversation} />
    </div>
  );
}

type Keys = [keys: string, does: string];

function KeyList({ keys }: { keys: readonly Keys[] }): VNode {
  return (
    <dl>
      {keys.map(([key, does]) => (
        <div key={does}>
          <dt>
            {key.split(" ").map((each) => (
              <kbd key={each}>{each}</kbd>
            ))}
          </dt>
          <dd>{does}</dd>
        </div>
      ))}
    </dl>
  );
}
