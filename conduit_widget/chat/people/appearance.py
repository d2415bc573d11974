"""How a person looks to the others: initials and a colour, the same everywhere and always."""

from __future__ import annotations

import colorsys
import hashlib
from functools import lru_cache
from typing import Final

MIN_CONTRAST: Final = 4.5
"""White initials on the colour pass WCAG AA."""

_SATURATION: Final = 0.6


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
