import type { VNode } from "preact";
import type { ChoiceKind } from "../../calls/devices";
import type { CallSession } from "../../calls/session";
import { canChooseSpeaker } from "../../calls/voices";
import { plainName } from "../../plain";
import { type PlainKey, text } from "../../texts/texts";
import { ChooseIcon, ChosenIcon } from "./icons";
import { LevelMeter } from "./level-meter";
import { PopUp } from "./pop-up";

interface Props {
  session: CallSession;
  kinds: readonly ChoiceKind[];
  label: string;
}

const NAMES: Readonly<Record<ChoiceKind, PlainKey>> = {
  audio: "call.microphone",
  video: "call.camera",
  speaker: "call.speaker",
};

/** Firefox tells of a speaker once one has chosen it in a list of its own. */
type Chooser = MediaDevices & { selectAudioOutput?: () => Promise<MediaDeviceInfo> };

/** Which devices are in use, and which others there are; how loud one is, where it is about the voice. */
export function DeviceMenu({ session, kinds, label }: Props): VNode {
  return (
    <PopUp label={label} icon={ChooseIcon} class="devices">
      {() => (
        <>
          <div role="menu" aria-label={label}>
            {kinds.map((kind) => (
              <DeviceGroup key={kind} session={session} kind={kind} />
            ))}
          </div>
          {kinds.includes("audio") && session.media.tracks.audio.value && (
            <LevelMeter track={session.media.tracks.audio.value} />
          )}
        </>
      )}
    </PopUp>
  );
}

function DeviceGroup({ session, kind }: { session: CallSession; kind: ChoiceKind }): VNode | null {
  const { devices, tracks } = session.media;
  const track = kind === "speaker" ? null : tracks[kind].value;
  const inUse = kind === "speaker" ? devices.chosen.speaker.value : devices.inUse(kind, track);
  const there = devices.of(kind);
  const select = (navigator.mediaDevices as Chooser).selectAudioOutput?.bind(navigator.mediaDevices);
  if (kind === "speaker" && !(canChooseSpeaker() && (there.length > 0 || select))) return null;
  const own = inUse === "" && track ? ` (${plainName(track.label)})` : "";
  const item = (deviceId: string, name: string): VNode => (
    <button
      key={deviceId}
      type="button"
      role="menuitemradio"
      aria-checked={deviceId === inUse}
      tabIndex={-1}
      onClick={() => void session.choose(kind, deviceId)}
    >
      <span class="mark">{deviceId === inUse && <ChosenIcon />}</span>
      <bdi>{name}</bdi>
    </button>
  );
  const another = async (): Promise<void> => {
    const found = await select?.().catch(() => null); // nobody chose one after all
    if (!found) return;
    await devices.look();
    await session.choose("speaker", found.deviceId);
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is no part of a menu.
    <div role="group" aria-label={text(NAMES[kind])}>
      <p class="group-name" aria-hidden="true">
        {text(NAMES[kind])}
      </p>
      {item("", text("call.defaultDevice") + own)}
      {there.map(({ deviceId, label }) => item(deviceId, plainName(label)))}
      {kind === "speaker" && select && (
        <button type="button" role="menuitem" tabIndex={-1} onClick={() => void another()}>
          <span class="mark" />
          {text("call.otherSpeaker")}
        </button>
      )}
    </div>
  );
}
