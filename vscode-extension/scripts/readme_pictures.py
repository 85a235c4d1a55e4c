"""Makes the README's pictures from those of the stories: the same pixels in fewer colours, so that they stay small."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

EXTENSION = Path(__file__).resolve().parents[1]
STORIES = EXTENSION / "e2e" / "screenshots"
PICTURES = EXTENSION / "media" / "screenshots"
CHOSEN = {
    "training": "training-02-live",
    "compare": "colours-05-compare",
    "light": "light-01-run",
    "notebook": "notebook-03-live",
}
COLOURS = 96


def main() -> None:
    """Write every chosen picture."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    for name, story in CHOSEN.items():
        picture = Image.open(STORIES / f"{story}.png").convert("RGB")
        picture.quantize(COLOURS, dither=Image.Dither.NONE).save(PICTURES / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
