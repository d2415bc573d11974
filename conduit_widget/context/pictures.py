"""Plots and images as pictures small enough to travel in a message, and what they show in words."""

from __future__ import annotations

import base64
import importlib
import io
import math
import sys
from collections.abc import Iterator
from typing import Any, Final

from conduit_widget.context.described import IMAGE_BYTES, Draft
from conduit_widget.context.kinds import byte_words, is_of
from conduit_widget.text.said import Said

DOTS_PER_INCH: Final = (90, 70, 50, 36)
"""A plot is drawn anew at these, until it is small enough."""
COLOURS: Final = (64, None, 24, 12)
"""How many a picture keeps, until it is small enough; None: all, as a JPEG."""
_LONGEST_SIDE: Final = 768
_SHRINK: Final = 0.9
_LEAST_SIDE: Final = 64
_MAX_AXES: Final = 6
_MAX_LABELS: Final = 8
_MAX_PIXELS: Final = 40_000_000
_TEXT_CHARS: Final = 80


def figure_of(value: Any) -> Any:
    """Return the Matplotlib figure that a value is, or belongs to; None where there is none."""
    if is_of(value, "matplotlib.figure", "Figure"):
        return value
    if type(value) in {list, tuple} and value:  # what a plotting function returned
        return figure_of(value[0])
    if is_of(value, "matplotlib.artist", "Artist"):
        figure = value.get_figure()
        return figure if is_of(figure, "matplotlib.figure", "Figure") else None
    return None


def figure_draft(figure: Any) -> Draft:
    """Describe a Matplotlib figure: as a picture, and its axes in words for models that do not see."""
    lines = [line for axes in figure.axes[:_MAX_AXES] for line in _axes_lines(axes)]
    count = len(figure.axes)
    said = Said.of("plot with {number} axes", number=count) if count != 1 else Said.of("plot")
    for dots in DOTS_PER_INCH:
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=dots)
        url, note = _small(buffer.getvalue(), may_shrink=False)
        if url is not None:
            return Draft.titled("plot", said, "\n".join(lines), url, note)
    url, note = _small(buffer.getvalue())
    return Draft.titled("plot", said, "\n".join(lines), url, note)


def is_image(value: object) -> bool:
    """Whether a value is an image of Pillow."""
    return is_of(value, "PIL.Image", "Image")


def image_draft(image: Any) -> Draft:
    """Describe an image of Pillow."""
    url, note = _reduced(image)
    said = Said.of("image, {width} × {height} pixels", width=str(image.width), height=str(image.height))
    return Draft.titled("plot", said, "", url, note)


def encoded_draft(data: bytes, title: str | Said) -> Draft:
    """Describe an encoded image (PNG, JPEG, …), as files and ``_repr_png_`` have it."""
    url, note = _small(data)
    return Draft("plot", str(title), "", url, note, title if isinstance(title, Said) else None)


def _axes_lines(axes: Any) -> list[str]:
    parts = [
        f"title {_words(axes.get_title())!r}" if axes.get_title() else "",
        f"x {_words(axes.get_xlabel())!r} from {axes.get_xlim()[0]:.6g} to {axes.get_xlim()[1]:.6g}",
        f"y {_words(axes.get_ylabel())!r} from {axes.get_ylim()[0]:.6g} to {axes.get_ylim()[1]:.6g}",
    ]
    labels = [_words(label) for label in axes.get_legend_handles_labels()[1][:_MAX_LABELS]]
    if labels:
        parts.append(f"showing {', '.join(labels)}")
    return [f"axes: {', '.join(filter(None, parts))}"]


def _words(text: object) -> str:
    return " ".join(str(text).split())[:_TEXT_CHARS]


def _small(data: bytes, *, may_shrink: bool = True) -> tuple[str | None, str]:
    """Return an encoded image as a ``data:`` URL within the limit, and how it was made smaller."""
    media = _media_type(data)
    if media is None:
        return None, "the picture: its format is not known"
    url = _url(data, media)
    if len(url) <= IMAGE_BYTES:
        return url, ""
    try:
        image = importlib.import_module("PIL.Image").open(io.BytesIO(data))
    except ImportError:
        return None, f"the picture: it has {byte_words(len(data))}; `pip install pillow` makes it smaller"
    return _reduced(image, may_shrink=may_shrink)


def _reduced(image: Any, *, may_shrink: bool = True) -> tuple[str | None, str]:
    """Return an image with fewer colours, then smaller and smaller, until it fits."""
    if image.width * image.height > _MAX_PIXELS:
        return None, f"the picture: {image.width} × {image.height} pixels are too many"
    size = f"{image.width} × {image.height}"
    picture = _on_white(image)
    longest = max(picture.size)
    if may_shrink and longest > _LONGEST_SIDE:
        picture.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
    while True:
        smallest = sys.maxsize
        for url in _encodings(picture):
            smallest = min(smallest, len(url))
            if len(url) <= IMAGE_BYTES:
                is_smaller = picture.size != image.size
                return (
                    url,
                    f"drawn at {picture.width} × {picture.height} of {size} pixels" if is_smaller else "",
                )
        side = int(max(picture.size) * min(math.sqrt(IMAGE_BYTES / smallest), _SHRINK))
        if not may_shrink or side < _LEAST_SIDE:
            return None, "the picture: it is too large"
        picture.thumbnail((side, side))


def _on_white(image: Any) -> Any:
    if "A" not in image.getbands() and "transparency" not in image.info:
        return image.convert("RGB")
    layered = image.convert("RGBA")
    white = importlib.import_module("PIL.Image").new("RGBA", layered.size, "white")
    white.alpha_composite(layered)
    return white.convert("RGB")


def _encodings(picture: Any) -> Iterator[str]:
    """Yield an image with many colours, as a photograph, and with few: what suits a plot comes first."""
    for colours in COLOURS:
        buffer = io.BytesIO()
        if colours is None:
            picture.save(buffer, "JPEG", quality=60)
        else:
            picture.quantize(colours, dither=0).save(buffer, "PNG")
        yield _url(buffer.getvalue(), "image/png" if colours is not None else "image/jpeg")


def _media_type(data: bytes) -> str | None:
    for start, media in (
        (b"\x89PNG", "image/png"),
        (b"\xff\xd8", "image/jpeg"),
        (b"GIF8", "image/gif"),
        (b"RIFF", "image/webp"),
    ):
        if data.startswith(start):
            return media
    return None


def _url(data: bytes, media: str) -> str:
    return f"data:{media};base64,{base64.b64encode(data).decode()}"
