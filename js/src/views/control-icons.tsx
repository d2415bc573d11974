// The signs of controls that come with the chunks.
import { icon } from "./icons";

export const SlidersIcon = icon("M2 5h5.5M11.5 5H14M2 11h2.5M8.5 11H14M9.5 3v4M6.5 9v4");
export const SearchIcon = icon("M11.5 7a4.5 4.5 0 1 1-9 0 4.5 4.5 0 0 1 9 0zM10.3 10.3l3.2 3.2");
export const HelpIcon = icon(
  "M6 6.2a2 2 0 1 1 2.8 1.9c-.5.2-.8.6-.8 1.1v.5M8 12h.01M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0z",
);
