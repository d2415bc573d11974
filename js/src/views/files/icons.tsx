// The signs of files.
import { icon } from "../icons";

export const FileIcon = icon("M4 2.5h5l3.5 3.5v7.5h-8.5zM9 2.5V6h3.5");
export const TableIcon = icon("M2.5 3.5h11v9h-11zM2.5 6.5h11M6.5 3.5v9");
export const SoundIcon = icon(
  "M6 12V4l6-1.5V11M6 12a2 1.6 0 1 1-4 0 2 1.6 0 0 1 4 0zM12 11a2 1.6 0 1 1-4 0 2 1.6 0 0 1 4 0z",
);
export const FilmIcon = icon("M2.5 4h11v8h-11zM6.8 6.2v3.6L10 8z");
export const PictureIcon = icon("M2.5 3.5h11v9h-11zM3 11l3-3 2.5 2.5L10.5 8.5 13 11M10.5 6h.01");
export const SaveIcon = icon("M8 2.5v7.5M4.5 7 8 10.5 11.5 7M3 13.5h10");
export const CrossIcon = icon("M4 4l8 8M12 4l-8 8");
export const AgainIcon = icon("M13 8a5 5 0 1 1-1.6-3.7M13 2.5v3h-3");
