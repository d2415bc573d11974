// The signs of controls that come with the chunks.
import { icon } from "./icons";

export const SlidersIcon = icon("M2 5h5.5M11.5 5H14M2 11h2.5M8.5 11H14M9.5 3v4M6.5 9v4");
export const SearchIcon = icon("M11.5 7a4.5 4.5 0 1 1-9 0 4.5 4.5 0 0 1 9 0zM10.3 10.3l3.2 3.2");
