"""How a person looks to the others: initials and a colour, the same everywhere and always, and a picture.

A token may say all three, as Jupyter knows them; initials and colour that it does not say come from the name
and the id.
"""

from __future__ import annotations

import colorsys
import hashlib
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import msgspec

from conduit_widget.contract import COLOR_CLAIM, INITIALS_CLAIM, PICTURE_CLAIM
from conduit_widget.text.pictures import plain_picture
from conduit_widget.text.plain_text import plain_name

MIN_CONTRAST: Final = 4.5
"""White initials on the colour pass WCAG AA."""

_SATURATION: Final = 0.6
_COLOR: Final = re.compile(r"#[0-9a-fA-F]{6}")
_MAX_INITIALS: Final = 2


class Look(msgspec.Struct, frozen=True, array_like=True):
    """What a token says of how its user looks; empty where it does not."""

    initials: str = ""
    color: str = ""
    picture: str = ""


def look_of(claims: Mapping[str, Any]) -> Look:
    """Return what verified claims say; what could not be shown counts as not said."""
    initials, color = claims.get(INITIALS_CLAIM), claims.get(COLOR_CLAIM)
    return Look(
        plain_name(initials, _MAX_INITIALS) if isinstance(initials, str) else "",
        color.lower() if isinstance(color, str) and _COLOR.fullmatch(color) else "",
        plain_picture(claims.get(PICTURE_CLAIM)),
    )


@lru_cache(maxsize=4096)
def initials_of(user_name: str, user_id: str) -> str:
    """Return one or two capitals: ``"Ann Mary Lee"`` → ``"AL"``; without a name, the first one of the id."""
    words = [word for word in user_name.split() if word[0].isalnum()] or [user_id.lstrip() or "?"]
    first, last = words[0], words[-1]
    return (first[0] if len(words) == 1 else first[0] + last[0]).upper()


@lru_cache(maxsize=4096)
def color_of(user_id: str) -> str:
    """Return ``#rrggbb``: the hue comes from the id, and white text on it is readable."""
    hue = int.from_bytes(hashlib.sha256(user_id.encode(errors="replace")).digest()[:2]) % 360 / 360
    lightness = 0.55
    while True:
        rgb = colorsys.hls_to_rgb(hue, lightness, _SATURATION)
        color = "#" + "".join(f"{round(part * 255):02x}" for part in rgb)
        if contrast_with_white(color) >= MIN_CONTRAST:
            return color
        lightness -= 0.02


def contrast_with_white(color: str) -> float:
    """Return the WCAG contrast ratio of ``#rrggbb`` with white."""
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return 1.05 / (luminance + 0.05)
