import type { Signal } from "@preact/signals";
import type { RefObject, VNode } from "preact";
import { mayCapture } from "../../calls/capture-problems";
import type { CallSession } from "../../calls/session";
import { type PlainKey, text } from "../../texts/texts";
import { DeviceMenu } from "./device-menu";
import * as icons from "./icons";
import { PopUp } from "./pop-up";

interface Props {
  session: CallSession;
  speakerView: Signal<boolean>;
  wide: Signal<boolean>;
  /** The picture that may go into a window of its own. */
  video: RefObject<HTMLVideoElement | null>;
  canPip: boolean;
}

/** What has a place in the row where it is wide, and else in a menu. */
interface Extra {
  label: PlainKey;
  icon: () => VNode;
  on?: boolean;
  /** Nothing that a narrow chat has a use for. */
  wideOnly?: boolean;
  onClick(): void;
}

interface ControlProps {
  label: PlainKey;
  icon: () => VNode;
  on?: boolean;
  class?: string;
  title?: PlainKey;
  onClick(): void;
}

function Control({ label, icon: Icon, on, class: kind = "", title = label, onClick }: ControlProps): VNode {
  return (
    <button
      type="button"
      class={`icon control ${kind}`}
      aria-label={text(label)}
      title={text(title)}
      {...(on !== undefined && { "aria-pressed": on })}
      onClick={onClick}
    >
      <Icon />
    </button>
  );
}

/** What one does in a call. */
export function Controls({ session, speakerView, wide, video, canPip }: Props): VNode {
  const heard = session.heard.value;
  const { video: camera, screen } = session.media.tracks;
  const extras = extrasOf({ session, speakerView, wide, video, canPip });
  return (
    <div class="controls" role="toolbar" aria-label={text("sheet.call")}>
      {session.media.live.value && (
        <span class="on-air" role="img" aria-label={text("call.onAir")} title={text("call.onAir")} />
      )}
      {mayCapture() && (
        <>
          <span class="split">
            <Control
              label={heard ? "call.mute" : "call.unmute"}
              title={heard ? "call.mute" : "call.talkHint"}
              icon={heard ? icons.MicIcon : icons.MutedIcon}
              class={heard ? "" : "off"}
              onClick={() => void session.mute(heard)}
            />
            <DeviceMenu session={session} kinds={["audio", "speaker"]} label={text("call.chooseSound")} />
          </span>
          <span class="split">
            <Control
              label={camera.value ? "call.cameraOff" : "call.cameraOn"}
              icon={camera.value ? icons.CameraIcon : icons.NoCameraIcon}
              class={camera.value ? "" : "off"}
              onClick={() => void session.camera(!camera.value)}
            />
            <DeviceMenu session={session} kinds={["video"]} label={text("call.chooseCamera")} />
          </span>
          {screen.value ? (
            <Control
              label="call.shareStop"
              icon={icons.StopScreenIcon}
              class="sharing"
              onClick={session.stopSharing}
            />
          ) : (
            <Control
              label="call.share"
              icon={icons.ScreenIcon}
              onClick={() => void session.share("choose")}
            />
          )}
        </>
      )}
      {extras.map(({ wideOnly: _, ...extra }) => (
        <Control key={extra.label} class="extra" {...extra} />
      ))}
      <PopUp label={text("call.more")} icon={icons.MoreIcon} class="more">
        {(close) => (
          <div role="menu" aria-label={text("call.more")}>
            {extras
              .filter(({ wideOnly }) => !wideOnly)
              .map(({ label, icon: Icon, onClick }) => (
                <button
                  key={label}
                  type="button"
                  role="menuitem"
                  tabIndex={-1}
                  onClick={() => {
                    close();
                    onClick();
                  }}
                >
                  <Icon />
                  {text(label)}
                </button>
              ))}
          </div>
        )}
      </PopUp>
      <Control label="call.leave" icon={icons.HangUpIcon} class="leave" onClick={session.leave} />
    </div>
  );
}

function extrasOf({ session, speakerView, wide, video, canPip }: Props): Extra[] {
  const { media } = session;
  const extras: (Extra | false | undefined)[] = [
    mayCapture() &&
      !media.tracks.screen.value &&
      Boolean(session.keep) && {
        label: "call.sharePage",
        icon: icons.PageIcon,
        onClick: () => void session.share("page"),
      },
    {
      label: speakerView.value ? "call.gridView" : "call.speakerView",
      icon: speakerView.value ? icons.GridIcon : icons.PersonIcon,
      onClick() {
        speakerView.value = !speakerView.value;
      },
    },
    canPip &&
      document.pictureInPictureEnabled && {
        label: "call.pip",
        icon: icons.PipIcon,
        onClick() {
          media.tell("screen", null);
          video.current?.requestPictureInPicture().catch(() => {
            media.tell("screen", text("call.pipFailed"));
          });
        },
      },
    {
      label: wide.value ? "call.narrower" : "call.wider",
      icon: icons.WiderIcon,
      on: wide.value,
      wideOnly: true,
      onClick() {
        wide.value = !wide.value;
      },
    },
  ];
  return extras.flatMap((extra) => extra || []);
}
