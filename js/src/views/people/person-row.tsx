import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { MemberRole, Participant } from "../../contract";
import { text } from "../../texts/texts";
import { CloseIcon } from "../actions/icons";
import { Avatar } from "./avatar";
import { stateWords } from "./person-label";
import { RoleChoice } from "./role-choice";
import type { Members } from "./use-members";

export interface Person {
  userId: string;
  name: string;
  /** Undefined for a member who is not here now. */
  participant: Participant | undefined;
  /** Undefined where it is not known, or where they have none. */
  role: MemberRole | undefined;
  isSelf: boolean;
}

interface PersonRowProps {
  person: Person;
  members: Members;
  /** Whether what is known of who is here still holds. */
  isCurrent: boolean;
  /** Whether the reader may change roles. */
  owns: boolean;
  /** Whether anybody can be taken out at all. */
  canRemove: boolean;
}

type Asked = { kind: "remove" } | { kind: "role"; role: MemberRole };

/** One person: who they are, what they do, their role; an owner changes it here. */
export function PersonRow({ person, members, isCurrent, owns, canRemove }: PersonRowProps): VNode {
  const { userId, name, participant, role, isSelf } = person;
  const asked = useSignal<Asked | null>(null);
  const busy = members.busy.value;
  const doing = participant ? stateWords(participant) : text("people.notHere");

  const carryOut = (action: Asked): void => {
    asked.value = null;
    if (action.kind === "remove")
      void members.change({ action: "remove", userId }, text("people.removed", { name }));
    else void members.change({ action: "role", userId, role: action.role }, text("people.changed", { name }));
  };
  const choose = (wanted: MemberRole): void => {
    if (wanted === role) return;
    const action: Asked = { kind: "role", role: wanted };
    // What one could not undo oneself is asked first.
    if (isSelf && role === "owner") asked.value = action;
    else carryOut(action);
  };

  return (
    <li class={(isCurrent && participant?.state) || "absent"} data-user={userId}>
      <Avatar name={name} participant={participant} />
      <span class="who">
        <span class="named" title={userId}>
          <bdi>{name}</bdi>
          {isSelf && <span class="you"> {text("people.youMark")}</span>}
        </span>
        <span class="doing">{isCurrent ? doing : text("not known at present")}</span>
      </span>
      {owns ? (
        <>
          <RoleChoice label={text("people.roleOf", { name })} value={role} disabled={busy} change={choose} />
          {canRemove && role && (
            <button
              type="button"
              class="quiet take-out"
              aria-label={text("people.removeName", { name })}
              title={text("people.removeName", { name })}
              disabled={busy}
              onClick={() => {
                asked.value = { kind: "remove" };
              }}
            >
              <CloseIcon />
            </button>
          )}
        </>
      ) : (
        role && <span class="role">{text(`people.role.${role}`)}</span>
      )}
      {asked.value && (
        <Confirm
          question={questionOf(asked.value, person)}
          action={text(asked.value.kind === "remove" ? "people.remove" : "people.stepDown")}
          confirm={() => asked.value && carryOut(asked.value)}
          cancel={() => {
            asked.value = null;
          }}
        />
      )}
    </li>
  );
}

function questionOf({ kind }: Asked, { name, isSelf }: Person): string {
  if (kind === "role") return text("people.stepDownAsk");
  return isSelf ? text("people.leaveAsk") : text("people.removeAsk", { name });
}

interface ConfirmProps {
  question: string;
  action: string;
  confirm(): void;
  cancel(): void;
}

/** Asks once more, in the row itself; the safe answer has the focus, and who says no is back where they were. */
function Confirm({ question, action, confirm, cancel }: ConfirmProps): VNode {
  const safe = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    const root = safe.current?.getRootNode() as ShadowRoot | undefined;
    const before = root?.activeElement as HTMLElement | null;
    safe.current?.focus();
    return () => before?.focus();
  }, []);
  return (
    <fieldset
      class="confirm"
      aria-label={question}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.preventDefault();
        event.stopPropagation(); // it would close the sheet
        cancel();
      }}
    >
      <p>{question}</p>
      <button type="button" class="plain danger" onClick={confirm}>
        {action}
      </button>
      <button type="button" class="plain" ref={safe} onClick={cancel}>
        {text("people.cancel")}
      </button>
    </fieldset>
  );
}
