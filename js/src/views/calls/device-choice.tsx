import type { Signal } from "@preact/signals";
import type { ComponentChildren, VNode } from "preact";
import { useId } from "preact/hooks";
import type { DeviceKind } from "../../calls/devices";
import type { CallSession } from "../../calls/session";
import { plainName } from "../../plain";
import { text } from "../../texts/texts";

interface Props {
  session: CallSession;
  kind: DeviceKind;
  /** Whether one joins with it. */
  wanted: Signal<boolean>;
  /** What shows that it works. */
  children: ComponentChildren;
}

/** Whether one joins with a device, and with which. */
export function DeviceChoice({ session, kind, wanted, children }: Props): VNode {
  const id = useId();
  const { media } = session;
  const devices = media.devices.of(kind);
  const set = (on: boolean): void => {
    wanted.value = on;
    if (!on) media.stop(kind);
  };
  return (
    <fieldset class="device">
      <label>
        <input
          type="checkbox"
          checked={wanted.value}
          onChange={(event) => set(event.currentTarget.checked)}
        />
        {text(kind === "audio" ? "call.withMicrophone" : "call.withCamera")}
      </label>
      {wanted.value && (
        <>
          {devices.length > 0 && (
            <>
              <label class="sr-only" for={id}>
                {text(kind === "audio" ? "call.microphone" : "call.camera")}
              </label>
              <select
                id={id}
                value={media.devices.chosen[kind].value}
                onChange={(event) => void session.choose(kind, event.currentTarget.value)}
              >
                <option value="">{text("call.defaultDevice")}</option>
                {devices.map(({ deviceId, label }) => (
                  <option key={deviceId} value={deviceId}>
                    {plainName(label)}
                  </option>
                ))}
              </select>
            </>
          )}
          {children}
        </>
      )}
    </fieldset>
  );
}
