import { icon } from "../icons";

export const ReplyIcon = icon("M6.5 3.5 2.5 7.5l4 4M3 7.5h6.5a4 4 0 0 1 4 4v1");
export const ReactIcon = icon(
  "M14 8A6 6 0 1 1 8 2a6 6 0 0 1 6 6zM5.5 9.5c.5 1 1.4 1.6 2.5 1.6s2-.6 2.5-1.6M6 6.3v.4M10 6.3v.4",
);
export const EditIcon = icon("m3 13 .6-2.8 7-7a1.4 1.4 0 0 1 2.2 2.2l-7 7zM9.5 4.3l2.2 2.2");
export const DeleteIcon = icon("M3 4.5h10M6.5 4.5v-2h3v2M4.5 4.5l.6 9h5.8l.6-9M6.8 7v4M9.2 7v4");
export const PinIcon = icon("M9.5 2.5 13.5 6.5M10.5 3.5 7 7 4 7.8 8.2 12 9 9l3.5-3.5M6 10l-3.5 3.5");
export const RegenerateIcon = icon("M13 8a5 5 0 1 1-1.6-3.7M13 2.5v3h-3");
export const MoreIcon = icon(
  "M3.1 8a.4.4 0 1 1 .8 0 .4.4 0 1 1-.8 0zM7.6 8a.4.4 0 1 1 .8 0 .4.4 0 1 1-.8 0zM12.1 8a.4.4 0 1 1 .8 0 .4.4 0 1 1-.8 0z",
);
export const PreviousIcon = icon("M10 3.5 5.5 8l4.5 4.5");
export const NextIcon = icon("M6 3.5 10.5 8 6 12.5");
export const PauseIcon = icon("M5.5 3.5v9M10.5 3.5v9");
export const PlayIcon = icon("M5 3v10l8-5z");
export const CloseIcon = icon("m4 4 8 8M12 4l-8 8");
export const PulseIcon = icon("M2 8.5h3l1.8-5 2.6 9 1.6-4h3");
