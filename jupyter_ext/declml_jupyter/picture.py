"""The curves of a run as a PNG, drawn with Pillow: 8 MB on the disk where a plotting library brings sixty.

A picture must look right on light and dark pages, so it brings its own white ground.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

from declml.cli.terminal import number
from declml.runs.folder import Run
from declml.runs.history import History, Point, history
from declml_jupyter.axes import Scale, spread, tick_text, ticks
from declml_jupyter.wording import title

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont
    from PIL.ImageFont import ImageFont as BitmapFont

WIDTH = 720
"""How wide a picture is shown, in pixels of a page; it has twice as many, for sharp screens."""
_PANEL_HEIGHT, _TOP, _SCALE, _SMOOTH = 220, 30, 2, 2
_MOST_PANELS = 4
_LEFT, _RIGHT, _ABOVE, _BELOW = 52, 14, 28, 34
_GROUND, _INK, _FAINT, _GRID, _BEST = "#ffffff", "#1f2328", "#656d76", "#e4e7eb", "#8c959f"
_COLORS = {"training": "#0969da", "validation": "#d1570f", "test": "#1a7f37"}
_OTHER = "#6e40c9"


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG and the size in which it is shown."""

    data: bytes
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Panel:
    """One chart: what it shows, a curve a split, and the epoch that was kept."""

    title: str
    curves: dict[str, Sequence[Point]]
    best_epoch: int | None


def picture_of_run(run: Run) -> Picture | None:
    """Return the curves of a run; None where there are none yet, or Pillow is not installed."""
    found = history(run.events)
    best = run.record.get("best_epoch")
    shown = panels(found, output=run.decides.get("output"), metric=run.decides.get("metric"), best_epoch=best)
    return draw(shown, heading=title(run)) if shown else None


def panels(found: History, *, output: str | None, metric: str | None, best_epoch: int | None = None) -> list[Panel]:
    """Return the charts of a run: the loss, then for each output the metric that decides, or its first one."""
    outputs = list(dict.fromkeys(name for _, name, _ in found.metrics))
    whole = "combined" if "combined" in outputs else (outputs[0] if outputs else "")
    wanted = [(whole, "loss", "loss")]
    for name in outputs:
        if name == "combined":
            continue
        names = [each for _, of, each in found.metrics if of == name and each != "loss"]
        chosen = metric if name == output and metric in names else (names[0] if names else None)
        if chosen is not None:
            wanted.append((name, chosen, f"{name} · {chosen}"))
    answer: list[Panel] = []
    for name, what, label in wanted[:_MOST_PANELS]:
        curves = {split: points for (split, of, each), points in found.metrics.items() if (of, each) == (name, what)}
        if any(_finite(points) for points in curves.values()):
            answer.append(Panel(label, {split: _finite(points) for split, points in curves.items()}, best_epoch))
    return answer


def draw(shown: Sequence[Panel], *, heading: str) -> Picture | None:
    """Return charts side by side, two in a row."""
    try:
        # Imported here: only the end of a run draws, and a notebook works without Pillow.
        from PIL import Image, ImageDraw, ImageFont
    except ImportError:
        return None
    columns = min(2, len(shown))
    rows = -(-len(shown) // columns)
    height = _TOP + rows * _PANEL_HEIGHT
    fine = _SCALE * _SMOOTH
    lines = Image.new("RGB", (WIDTH * fine, height * fine), _GROUND)
    places = [
        _Place(each, index % columns * WIDTH / columns, _TOP + index // columns * _PANEL_HEIGHT, WIDTH / columns)
        for index, each in enumerate(shown)
    ]
    pen = ImageDraw.Draw(lines)
    for place in places:
        place.draw_lines(pen, fine)
    # Drawn large and made smaller: Pillow's lines have no soft edges of their own.
    image = lines.resize((WIDTH * _SCALE, height * _SCALE), Image.Resampling.LANCZOS)
    pen = ImageDraw.Draw(image)
    bold = ImageFont.load_default(13 * _SCALE)
    small = ImageFont.load_default(11 * _SCALE)
    pen.text((_LEFT * _SCALE, 8 * _SCALE), heading, fill=_INK, font=bold)
    for place in places:
        place.draw_text(pen, small)
    buffer = BytesIO()
    image.quantize(128).save(buffer, "PNG", optimize=True)
    return Picture(buffer.getvalue(), WIDTH, height)


class _Place:
    """A panel at its place on the picture, in pixels of the page."""

    def __init__(self, panel: Panel, x: float, y: float, width: float) -> None:
        self._panel = panel
        self._x, self._y = x, y
        points = [each for curve in panel.curves.values() for each in curve]
        epochs = [each.epoch for each in max(panel.curves.values(), key=len)]
        self._by_epoch = len(set(epochs)) == len(epochs)
        across = [self._across(each) for each in points]
        low, high = (min(across), max(across)) if min(across) < max(across) else (min(across) - 1, max(across) + 1)
        self._x_scale = Scale(low, high, x + _LEFT, x + width - _RIGHT)
        bottom, top = spread([each.value for each in points])
        self._y_scale = Scale(bottom, top, y + _PANEL_HEIGHT - _BELOW, y + _ABOVE)
        self._x_ticks = ticks(low, high, whole=True)
        self._y_ticks = ticks(bottom, top)

    def _across(self, point: Point) -> int:
        return point.epoch if self._by_epoch else point.step

    def draw_lines(self, pen: ImageDraw, scale: int) -> None:
        """Draw grid and curves at ``scale`` times their size."""
        left, right = self._x_scale.start * scale, self._x_scale.end * scale
        for tick in self._y_ticks:
            across = self._y_scale(tick) * scale
            pen.line((left, across, right, across), fill=_GRID, width=scale)
        best = self._panel.best_epoch
        if best is not None and self._by_epoch and self._x_scale.low <= best <= self._x_scale.high:
            x = self._x_scale(best) * scale
            top, bottom = self._y_scale.end * scale, self._y_scale.start * scale
            for y in range(int(top), int(bottom), 6 * scale):
                pen.line((x, y, x, min(y + 3 * scale, bottom)), fill=_BEST, width=scale)
        for split, points in self._panel.curves.items():
            path = [(self._x_scale(self._across(each)) * scale, self._y_scale(each.value) * scale) for each in points]
            color = _COLORS.get(split, _OTHER)
            if len(path) > 1:
                pen.line(path, fill=color, width=int(1.75 * scale), joint="curve")
            if len(path) <= 20:
                radius = 2.25 * scale
                for x, y in path:
                    pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=color)

    def draw_text(self, pen: ImageDraw, font: FreeTypeFont | BitmapFont) -> None:
        """Write title, numbers and legend, sharp."""

        def write(x: float, y: float, text: str, anchor: Any, color: str = _FAINT) -> None:
            pen.text((x * _SCALE, y * _SCALE), text, fill=color, font=font, anchor=anchor)

        write(self._x_scale.start, self._y + 8, self._panel.title, "lm", _INK)
        right = self._x_scale.end
        for split, points in reversed(self._panel.curves.items()):
            if points:
                text = f"{split} {number(points[-1].value)}"
                write(right, self._y + 8, text, "rm", _COLORS.get(split, _OTHER))
                right -= pen.textlength(text, font=font) / _SCALE + 10
        steps = [after - before for before, after in zip(self._y_ticks, self._y_ticks[1:], strict=False)]
        for tick in self._y_ticks:
            write(
                self._x_scale.start - 6, self._y_scale(tick), tick_text(tick, min(steps, default=abs(tick) or 1)), "rm"
            )
        for tick in self._x_ticks:
            write(self._x_scale(tick), self._y_scale.start + 11, tick_text(tick, 1), "mm")
        write(self._x_scale.end, self._y_scale.start + 24, "epoch" if self._by_epoch else "step", "rm")


def _finite(points: Sequence[Point]) -> list[Point]:
    return [each for each in points if each.value - each.value == 0]
