import type { Signal } from "@preact/signals";
import type { RefObject, VNode } from "preact";
import { mayCapture } from "../../calls/capture-problems";
import type { CallSession } from "../../calls/session";
import { type PlainKey, text } from "../../texts/texts";
import * as icons from "./icons";

interface Props {
  session: CallSession;
  speakerView: Signal<boolean>;
  wide: Signal<boolean>;
  /** The picture that may go into a window of its own. */
  video: RefObject<HTMLVideoElement | null>;
  canPip: boolean;
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
  return (
    <div class="controls" role="toolbar" aria-label={text("sheet.call")}>
      {session.media.live.value && (
        <span class="on-air" role="img" aria-label={text("call.onAir")} title={text("call.onAir")} />
      )}
      {mayCapture() && (
        <>
          <Control
            label={heard ? "call.mute" : "call.unmute"}
            title={heard ? "call.mute" : "call.talkHint"}
            icon={heard ? icons.MicIcon : icons.MutedIcon}
            class={heard ? "" : "off"}
            onClick={() => void session.mute(heard)}
          />
          <Control
            label={camera.value ? "call.cameraOff" : "call.cameraOn"}
            icon={camera.value ? icons.CameraIcon : icons.NoCameraIcon}
            class={camera.value ? "" : "off"}
            onClick={() => void session.camera(!camera.value)}
          />
          {screen.value ? (
            <Control
              label="call.shareStop"
              icon={icons.StopScreenIcon}
              class="sharing"
              onClick={session.stopSharing}
            />
          ) : (
            <>
              <Control
                label="call.share"
                icon={icons.ScreenIcon}
                onClick={() => void session.share("choose")}
              />
              {session.keep && (
                <Control
                  label="call.sharePage"
                  icon={icons.PageIcon}
                  onClick={() => void session.share("page")}
                />
              )}
            </>
          )}
        </>
      )}
      <Control
        label={speakerView.value ? "call.gridView" : "call.speakerView"}
        icon={speakerView.value ? icons.GridIcon : icons.PersonIcon}
        onClick={() => {
          speakerView.value = !speakerView.value;
        }}
      />
      {canPip && document.pictureInPictureEnabled && (
        <Control
          label="call.pip"
          icon={icons.PipIcon}
          onClick={() => {
            session.media.tell("screen", null);
            video.current?.requestPictureInPicture().catch(() => {
              session.media.tell("screen", text("call.pipFailed"));
            });
          }}
        />
      )}
      <Control
        label={wide.value ? "call.narrower" : "call.wider"}
        icon={icons.WiderIcon}
        on={wide.value}
        onClick={() => {
          wide.value = !wide.value;
        }}
      />
      <Control label="call.leave" icon={icons.HangUpIcon} class="leave" onClick={session.leave} />
    </div>
  );
}
