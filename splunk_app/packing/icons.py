"""Draws the app's icons: a shield with three rising bars, since every answer says how sure it is.

`python splunk_app/packing/icons.py` writes them into splunk_app/static and splunk_app/appserver/static. Sizes are those
that Splunk asks for; needs Pillow (`pip install '.[reports]'`) and the DejaVu fonts that matplotlib brings.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Dict, Tuple

from PIL import Image, ImageDraw, ImageFont

FOLDER = Path(os.path.abspath(__file__)).parents[1]
LIGHT, DARK, RED, AMBER = (255, 255, 255, 255), (20, 44, 74, 255), (226, 66, 66, 255), (247, 166, 35, 255)
TEAL = (38, 166, 154, 255)
_FINE = 16  # drawn that many times larger, then reduced

SHIELD = ((0.50, 0.04), (0.90, 0.17), (0.90, 0.50), (0.82, 0.70), (0.68, 0.85), (0.50, 0.96),
          (0.32, 0.85), (0.18, 0.70), (0.10, 0.50), (0.10, 0.17))  # fmt: skip
BARS = ((0.27, 0.55, TEAL), (0.43, 0.43, AMBER), (0.59, 0.29, RED))
"""Left edge, top edge and colour; all are as wide and end at the same height."""


def shield(size: int, dark_ground: bool) -> Image.Image:
    """The sign, `size` pixels wide and high: white for a dark ground, else dark with a rim that shows on any ground."""
    large = size * _FINE
    image = Image.new("RGBA", (large, large), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    for scale, colour in ((1.0, LIGHT),) if dark_ground else ((1.0, LIGHT), (0.92, DARK)):
        points = [((x - 0.5) * scale + 0.5, (y - 0.5) * scale + 0.5) for x, y in SHIELD]
        draw.polygon([(x * large, y * large) for x, y in points], fill=colour)
    for left, top, colour in BARS:
        box = (left * large, top * large, (left + 0.14) * large, 0.72 * large)
        draw.rounded_rectangle(box, radius=0.02 * large, fill=colour)
    return image.resize((size, size), Image.Resampling.LANCZOS)


def logo(size: Tuple[int, int], dark_ground: bool = True) -> Image.Image:
    """The sign with the name beside it, as it stands in the bar above the app's pages."""
    width, height = size
    image = Image.new("RGBA", (width * 4, height * 4), (0, 0, 0, 0))
    font = ImageFont.truetype("DejaVuSans-Bold.ttf", int(height * 4 * 0.46))
    ink = LIGHT if dark_ground else DARK
    ImageDraw.Draw(image).text((height * 4, height * 2), "ipthreat", font=font, fill=ink, anchor="lm")
    image = image.resize(size, Image.Resampling.LANCZOS)
    image.alpha_composite(shield(height - height // 10, dark_ground), (0, height // 20))
    return image


def icons() -> Dict[str, Image.Image]:
    """Every icon by its path below splunk_app/."""
    return {
        "static/appIcon.png": shield(36, dark_ground=False),
        "static/appIcon_2x.png": shield(72, dark_ground=False),
        "static/appIconAlt.png": shield(36, dark_ground=True),
        "static/appIconAlt_2x.png": shield(72, dark_ground=True),
        "static/appLogo.png": logo((160, 40)),
        "static/appLogo_2x.png": logo((320, 80)),
        "appserver/static/ipthreat_report.png": shield(48, dark_ground=False),
    }


if __name__ == "__main__":
    for name, image in icons().items():
        (FOLDER / name).parent.mkdir(parents=True, exist_ok=True)
        image.save(FOLDER / name, optimize=True)
