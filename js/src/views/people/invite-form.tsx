import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { useId } from "preact/hooks";
import type { MemberRole } from "../../contract";
import { text } from "../../texts/texts";
import { RoleChoice } from "./role-choice";
import type { Members } from "./use-members";

/** An owner names somebody by their id on the hub, who then belongs here. */
export function InviteForm({ members }: { members: Members }): VNode {
  const id = useId();
  const userId = useSignal("");
  const role = useSignal<MemberRole>("member");
  const busy = members.busy.value;

  const invite = async (): Promise<void> => {
    const wanted = userId.value.trim();
    if (!wanted) {
      members.refuse(text("people.noId"));
      return;
    }
    if (members.roles.value?.has(wanted)) {
      members.refuse(text("people.isMember", { id: wanted }));
      return;
    }
    const said = text("people.invited", { id: wanted });
    const isDone = await members.change({ action: "add", userId: wanted, role: role.value }, said);
    if (isDone && userId.value.trim() === wanted) userId.value = "";
  };

  return (
    <form
      class="invite"
      onSubmit={(event) => {
        event.preventDefault();
        void invite();
      }}
    >
      <h3>{text("people.inviteTitle")}</h3>
      <div class="parameter">
        <label for={id}>{text("people.userId")}</label>
        <div class="line">
          <input
            id={id}
            value={userId.value}
            autocomplete="off"
            autocapitalize="off"
            spellcheck={false}
            maxLength={200}
            onInput={(event) => {
              userId.value = event.currentTarget.value;
            }}
          />
          <RoleChoice
            label={text("people.inviteRole")}
            value={role.value}
            disabled={busy}
            change={(wanted) => {
              role.value = wanted;
            }}
          />
          <button type="submit" class="plain" disabled={busy}>
            {text("people.invite")}
          </button>
        </div>
      </div>
    </form>
  );
}
