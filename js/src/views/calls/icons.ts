// The signs of a call's controls.
import { icon } from "../icons";

export const MicIcon = icon(
  "M8 2a2 2 0 0 1 2 2v4a2 2 0 0 1-4 0V4a2 2 0 0 1 2-2zM3.5 7.5a4.5 4.5 0 0 0 9 0M8 12v2.5",
);
export const MutedIcon = icon(
  "M6 4a2 2 0 0 1 4 0v3.5M6 6v2a2 2 0 0 0 3 1.7M3.5 7.5a4.5 4.5 0 0 0 7 3.7M12.5 7.5v.8M8 12v2.5M2.5 2l11 12",
);
export const CameraIcon = icon("M2 4.5h7.5v7H2zM9.5 7.2 14 4.8v6.4L9.5 8.8");
export const NoCameraIcon = icon("M4.5 4.5H2v7h7.5V9.5M7 4.5h2.5v2.7L14 4.8v6.4M2.5 2l11 12");
export const ScreenIcon = icon("M2 3h12v8H2zM5.5 13.5h5M8 11v2.5");
export const PageIcon = icon("M3 2h7l3 3v9H3zM9.5 2v3.5H13M5.5 8.5h5M5.5 11h5");
export const StopScreenIcon = icon("M2 3h12v8H2zM5.5 13.5h5M6 5l4 4M10 5 6 9");
export const HangUpIcon = icon("M2 9.5c3.5-3.4 8.5-3.4 12 0l-1.6 1.7-2.4-1V8.6a8 8 0 0 0-4 0v1.6l-2.4 1z");
export const PersonIcon = icon(
  "M8 8a2.7 2.7 0 1 0 0-5.4A2.7 2.7 0 0 0 8 8zM3 13.6c.6-2.6 2.6-3.8 5-3.8s4.4 1.2 5 3.8",
);
export const GridIcon = icon(
  "M2.5 2.5h4.6v4.6H2.5zM8.9 2.5h4.6v4.6H8.9zM2.5 8.9h4.6v4.6H2.5zM8.9 8.9h4.6v4.6H8.9z",
);
export const PipIcon = icon("M2 3h12v10H2zM8.5 8.5H14V13H8.5z");
export const WiderIcon = icon("M6 3H2.5v3.5M10 13h3.5V9.5M2.5 3l4 4M13.5 13l-4-4");
export const PlusIcon = icon("M8 3v10M3 8h10");
export const MinusIcon = icon("M3 8h10");
export const StillIcon = icon("M2.5 5h2.3l1-1.5h4.4l1 1.5h2.3v7.5h-11zM8 10.6a2 2 0 1 0 0-4 2 2 0 0 0 0 4z");
export const MoreIcon = icon("M3 8h.01M8 8h.01M13 8h.01");
export const ChooseIcon = icon("m4.5 9.5 3.5-3.5 3.5 3.5");
export const ChosenIcon = icon("m3 8.5 3.2 3.2L13 5");
