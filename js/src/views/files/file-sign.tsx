import type { VNode } from "preact";
import { type FileKind, kindOf } from "../../files/attachment";
import { FileIcon, FilmIcon, PictureIcon, SoundIcon, TableIcon } from "./icons";

const SIGNS: Record<FileKind, () => VNode> = {
  image: PictureIcon,
  audio: SoundIcon,
  video: FilmIcon,
  table: TableIcon,
  text: FileIcon,
  pdf: FileIcon,
  other: FileIcon,
};

/** The sign of a kind of file. */
export function FileSign({ mediaType }: { mediaType: string }): VNode {
  const Sign = SIGNS[kindOf({ mediaType })];
  return (
    <span class="sign" aria-hidden="true">
      <Sign />
    </span>
  );
}
