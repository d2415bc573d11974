import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { ConversationInfo } from "../../contract";
import type { KernelRequest } from "../../kernel/link";
import { plainLine, plainName } from "../../plain";
import { numeral, text } from "../../texts/texts";
import { DeleteIcon, EditIcon } from "../actions/icons";
import { fullTime, timeLabel } from "../words";
import { NameForm } from "./name-form";

interface RowProps {
  info: ConversationInfo;
  name: string;
  isHere: boolean;
  open(): void;
  /** Resolves with whether it was done. */
  change(request: KernelRequest): Promise<boolean>;
}

/** A conversation: its name, what was said last, what is unread; owners may rename and delete it. */
export function ConversationRow({ info, name, isHere, open, change }: RowProps): VNode {
  const { conversationId, lastMessage, unread } = info;
  const mode = useSignal<"row" | "renaming" | "deleting">("row");
  const main = useRef<HTMLButtonElement>(null);
  /** The name that was refused: it can be put right. */
  const refused = useRef<string | null>(null);
  const back = (): void => {
    mode.value = "row";
  };
  // Who had the focus in the row's own form finds it in the row.
  const wasOpen = useRef(false);
  useEffect(() => {
    if (mode.value === "row" && wasOpen.current) main.current?.focus();
    wasOpen.current = mode.value !== "row";
  }, [mode.value]);

  if (mode.value === "renaming")
    return (
      <li>
        <NameForm
          label={text("switch.renameName")}
          save={text("switch.save")}
          value={refused.current ?? name}
          done={async (title) => {
            back();
            refused.current = null;
            if (!title || title === name) return;
            if (await change({ kind: "conversation", action: "rename", conversationId, title })) return;
            refused.current = title;
            mode.value = "renaming";
          }}
        />
      </li>
    );
  if (mode.value === "deleting")
    return (
      <li>
        <Confirm
          name={name}
          done={(yes) => {
            back();
            if (yes) change({ kind: "conversation", action: "delete", conversationId });
          }}
        />
      </li>
    );
  return (
    <li class={isHere ? "row here" : "row"}>
      <button ref={main} type="button" class="go" aria-current={isHere || undefined} onClick={open}>
        <span class="from">
          <bdi class="name">{name}</bdi>
          {lastMessage && (
            <time dateTime={lastMessage.timestamp} title={fullTime(lastMessage.timestamp)}>
              {timeLabel(lastMessage.timestamp)}
            </time>
          )}
        </span>
        <span class="last">
          <span class="preview" dir="auto">
            {lastWords(info)}
          </span>
          {unread > 0 && !isHere && (
            <span class="unread">
              <span aria-hidden="true">{numeral(unread)}</span>
              <span class="sr-only">{text("switch.unread", { count: unread })}</span>
            </span>
          )}
        </span>
      </button>
      {info.role === "owner" && (
        <span class="acts">
          <button
            type="button"
            class="icon"
            aria-label={text("switch.renameOf", { name })}
            title={text("switch.rename")}
            onClick={() => {
              mode.value = "renaming";
            }}
          >
            <EditIcon />
          </button>
          <button
            type="button"
            class="icon"
            aria-label={text("switch.deleteOf", { name })}
            title={text("switch.delete")}
            onClick={() => {
              mode.value = "deleting";
            }}
          >
            <DeleteIcon />
          </button>
        </span>
      )}
    </li>
  );
}

function lastWords({ lastMessage }: ConversationInfo): string {
  if (!lastMessage) return text("switch.empty");
  const preview = plainLine(lastMessage.preview);
  const author = plainName(lastMessage.author);
  return author && preview ? text("switch.last", { author, preview }) : preview || author;
}

function Confirm({ name, done }: { name: string; done(yes: boolean): void }): VNode {
  const keep = useRef<HTMLButtonElement>(null);
  useEffect(() => keep.current?.focus(), []);
  return (
    <div
      class="deleting"
      role="alertdialog"
      aria-label={text("switch.confirm", { name })}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.preventDefault();
        event.stopPropagation();
        done(false);
      }}
    >
      <p>{text("switch.confirm", { name })}</p>
      <p class="choices">
        <button ref={keep} type="button" class="plain" onClick={() => done(false)}>
          {text("switch.cancel")}
        </button>
        <button type="button" class="plain danger" onClick={() => done(true)}>
          {text("switch.confirmYes")}
        </button>
      </p>
    </div>
  );
}
