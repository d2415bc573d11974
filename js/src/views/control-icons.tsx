// The signs of controls that come with the chunks.
import { icon } from "./icons";

export const SlidersIcon = icon("M2 5h5.5M11.5 5H14M2 11h2.5M8.5 11H14M9.5 3v4M6.5 9v4");
