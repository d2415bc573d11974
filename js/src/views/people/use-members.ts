import { type ReadonlySignal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { MemberInfo, MemberRole } from "../../contract";
import type { MembersAction } from "../../kernel/messages";
import type { Store } from "../../store/store";
import { text } from "../../texts/texts";

export interface Members {
  /** The role of each who has one, by user id; null until it is known. */
  readonly roles: ReadonlySignal<ReadonlyMap<string, MemberRole> | null>;
  /** Whether a change is on its way: one at a time. */
  readonly busy: ReadonlySignal<boolean>;
  /** Why the last thing asked was refused, in words. */
  readonly problem: ReadonlySignal<string | null>;
  /** What was done last, in words. */
  readonly done: ReadonlySignal<string | null>;
  /** Asks for the roles again. */
  reload(): void;
  /** Changes who belongs; resolves with whether the hub did it, `said` says so then. */
  change(action: MembersAction, said: string): Promise<boolean>;
  /** Shows why something cannot be asked at all. */
  refuse(reason: string): void;
}

/** The roles in a conversation, looked up while somebody looks: at first, when people come and go, and after a cut. */
export function useMembers(store: Store): Members {
  const roles = useSignal<ReadonlyMap<string, MemberRole> | null>(null);
  const busy = useSignal(false);
  const problem = useSignal<string | null>(null);
  const done = useSignal<string | null>(null);
  /** The newest look-up: an older one that comes late says nothing. */
  const asked = useRef(0);
  const alive = useRef(true);
  useEffect(
    () => () => {
      alive.current = false;
    },
    [],
  );

  const load = async (): Promise<void> => {
    // Why a wish was refused is still to be read when somebody comes or goes.
    if (roles.value === null) problem.value = null;
    asked.current += 1;
    const turn = asked.current;
    try {
      const members = await store.ask<MemberInfo[]>({ kind: "members", action: "list" });
      if (turn !== asked.current || !alive.current) return;
      roles.value = new Map(members.map(({ userId, role }) => [userId, role]));
    } catch (error) {
      if (turn !== asked.current || !alive.current) return;
      if (roles.value === null) problem.value = text("people.unknownRoles", { reason: reasonOf(error) });
    }
  };
  const reload = (): void => void load();

  const here = store.select.participants.value.map(({ userId }) => userId).join("\n");
  const role = store.select.conversation.value?.role;
  const live = store.connection.value?.state === "live";
  useEffect(reload, [store, here, role, live]);

  return {
    ...{ roles, busy, problem, done, reload },
    refuse(reason) {
      problem.value = reason;
      done.value = null;
    },
    async change(action, said) {
      if (busy.value) return false;
      busy.value = true;
      problem.value = null;
      done.value = null;
      try {
        await store.ask({ kind: "members", ...action });
        done.value = said;
        return true;
      } catch (error) {
        problem.value = reasonOf(error);
        return false;
      } finally {
        busy.value = false;
        // What the hub has now is shown, whatever became of the wish.
        if (alive.current) await load();
      }
    },
  };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
