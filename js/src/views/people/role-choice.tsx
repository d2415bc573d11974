import type { VNode } from "preact";
import type { MemberRole } from "../../contract";
import { text } from "../../texts/texts";

const ROLES: readonly MemberRole[] = ["owner", "member", "reader"];

interface RoleChoiceProps {
  label: string;
  /** Undefined where somebody has no role yet. */
  value: MemberRole | undefined;
  disabled: boolean;
  change(role: MemberRole): void;
}

/** The role of one person, to choose from. It shows what the hub has until the hub has something else. */
export function RoleChoice({ label, value, disabled, change }: RoleChoiceProps): VNode {
  return (
    <select
      class="role"
      aria-label={label}
      value={value ?? ""}
      disabled={disabled}
      onChange={(event) => {
        const wanted = event.currentTarget.value as MemberRole;
        event.currentTarget.value = value ?? "";
        change(wanted);
      }}
    >
      {!value && <option value="">–</option>}
      {ROLES.map((role) => (
        <option key={role} value={role}>
          {text(`people.role.${role}`)}
        </option>
      ))}
    </select>
  );
}
