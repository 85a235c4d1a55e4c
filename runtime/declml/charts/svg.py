"""Pictures as SVG: no library, text that can be read aloud, colours for light and dark pages."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape

from declml.charts.chart import Chart, Grid, Picture, Series
from declml.charts.scale import Scale, label, ticks

WIDTH, HEIGHT = 640, 440
_LEFT, _RIGHT, _TOP, _BOTTOM = 92, 24, 44, 56
_LEGEND_LINE = 20
_DASHES = ("", "7 4", "2 3", "9 3 2 3", "12 4", "4 2")
"""Lines differ by more than their colour."""
_LIGHT = ("#0063a3", "#b94700", "#00724f", "#a0447a", "#8a6100", "#3d3d8f")
_DARK = ("#5cb8ff", "#ff9a5c", "#4fd6a5", "#f09bcb", "#f0c04a", "#a8a8ff")
_LONGEST, _LONGEST_BELOW = 24, 14
_LETTER = 7.0
"""About how wide a letter is."""
_NARROW = 20.0
"""Columns narrower than this have no room for names that stand aslant."""
_COUNTED = ("epoch", "round", "dimension", "place of the token", "true tokens")
"""What comes in whole numbers."""


def draw(picture: Picture) -> str:
    """Return the picture as an SVG document."""
    body, height = _grid(picture) if isinstance(picture, Grid) else _chart(picture)
    title, description = escape(picture.title), escape(picture.description)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}"'
        ' role="img" aria-labelledby="title description">\n'
        f'<title id="title">{title}</title>\n<desc id="description">{description}</desc>\n'
        f"<style>{_style()}</style>\n"
        f'<rect class="paper" width="{WIDTH}" height="{height}"/>\n'
        f'<text class="title" x="{_LEFT}" y="26">{title}</text>\n' + "\n".join(body) + "\n</svg>\n"
    )


def _style() -> str:
    def colours(names: Sequence[str]) -> str:
        return "".join(f"--s{place}:{colour};" for place, colour in enumerate(names))

    return (
        f":root{{--paper:#ffffff;--ink:#1f2328;--faint:#57606a;--grid:#d8dee4;{colours(_LIGHT)}}}"
        "@media (prefers-color-scheme: dark){"
        f":root{{--paper:#16191d;--ink:#e6edf3;--faint:#9aa5b1;--grid:#333a42;{colours(_DARK)}}}}}"
        "text{font:12px system-ui,sans-serif;fill:var(--ink)}.title{font-size:15px;font-weight:600}"
        ".faint{fill:var(--faint)}.paper{fill:var(--paper)}.grid{stroke:var(--grid);stroke-width:1}"
        ".guide{stroke:var(--faint);stroke-dasharray:3 4;fill:none}.line{fill:none;stroke-width:2}"
        ".middle{text-anchor:middle}.end{text-anchor:end}"
    )


# --- lines and points -------------------------------------------------------------------------------------------------


def _chart(chart: Chart) -> tuple[list[str], int]:
    rows = len(chart.series)
    below = _BOTTOM + (_LEGEND_LINE * rows + 12 if rows > 1 or chart.series[0].note else 0)
    height = HEIGHT - _BOTTOM + below
    across = Scale.over(_values(chart.series, "x"), chart.x_range, _LEFT, WIDTH - _RIGHT)
    up = Scale.over(_values(chart.series, "y"), chart.y_range, HEIGHT - _BOTTOM, _TOP)
    body = _axes(chart, across, up)
    if chart.guide is not None:
        (x1, y1), (x2, y2) = chart.guide
        body.append(f'<path class="guide" d="M{_at(across, up, x1, y1)}L{_at(across, up, x2, y2)}"/>')
    for place, each in enumerate(chart.series):
        body += _marks(each, place, across, up)
    if below > _BOTTOM:
        body += _legend(chart.series)
    return body, height


def _values(series: Iterable[Series], axis: str) -> list[float]:
    return [value for each in series for value in (each.x if axis == "x" else each.y) if math.isfinite(value)]


def _axes(chart: Chart, across: Scale, up: Scale) -> list[str]:
    bottom, right = HEIGHT - _BOTTOM, WIDTH - _RIGHT
    body: list[str] = []
    counted = chart.x_label in _COUNTED
    for value in [each for each in ticks(across.low, across.high) if not counted or each == round(each)]:
        x = across(value)
        body.append(f'<path class="grid" d="M{x:.1f} {_TOP}V{bottom}"/>')
        body.append(f'<text class="faint middle" x="{x:.1f}" y="{bottom + 18}">{label(value)}</text>')
    for value in ticks(up.low, up.high):
        y = up(value)
        body.append(f'<path class="grid" d="M{_LEFT} {y:.1f}H{right}"/>')
        body.append(f'<text class="faint end" x="{_LEFT - 8}" y="{y + 4:.1f}">{label(value)}</text>')
    return [*body, *_names(chart.x_label, chart.y_label, right, bottom)]


def _names(x_label: str, y_label: str, right: float, bottom: float) -> list[str]:
    middle = (_TOP + bottom) / 2
    return [
        f'<text class="middle" x="{(_LEFT + right) / 2:.0f}" y="{bottom + 38:.0f}">{escape(x_label)}</text>',
        f'<text class="middle" transform="translate(18 {middle:.0f}) rotate(-90)">{escape(y_label)}</text>',
    ]


def _marks(series: Series, place: int, across: Scale, up: Scale) -> list[str]:
    colour = f"var(--s{place % len(_LIGHT)})"
    body: list[str] = []
    points = list(zip(series.x, series.y, strict=True))
    if series.marks != "points":
        path = "".join(_steps(points, across, up))
        body.append(f'<path class="line" stroke="{colour}"{_dash(place)} d="{path}"/>')
    if series.marks != "line":
        radius, opacity = (2, 0.45) if series.marks == "points" else (3, 1)
        dots = "".join(
            f'<circle cx="{across(x):.1f}" cy="{up(y):.1f}" r="{radius}"/>'
            for x, y in points
            if math.isfinite(x) and math.isfinite(y)
        )
        body.append(f'<g fill="{colour}" fill-opacity="{opacity}">{dots}</g>')
    return body


def _steps(points: Sequence[tuple[float, float]], across: Scale, up: Scale) -> Iterable[str]:
    pen = "M"
    for x, y in points:
        if not (math.isfinite(x) and math.isfinite(y)):
            pen = "M"
            continue
        yield f"{pen}{_at(across, up, x, y)}"
        pen = "L"


def _at(across: Scale, up: Scale, x: float, y: float) -> str:
    return f"{across(x):.1f} {up(y):.1f}"


def _dash(place: int) -> str:
    dash = _DASHES[place % len(_DASHES)]
    return f' stroke-dasharray="{dash}"' if dash else ""


def _legend(series: Sequence[Series]) -> list[str]:
    body: list[str] = []
    for place, each in enumerate(series):
        y = HEIGHT + 8 + _LEGEND_LINE * place
        colour = f"var(--s{place % len(_LIGHT)})"
        if each.marks == "points":
            body.append(f'<circle cx="{_LEFT + 14}" cy="{y - 4}" r="4" fill="{colour}"/>')
        else:
            body.append(f'<path class="line" stroke="{colour}"{_dash(place)} d="M{_LEFT} {y - 4}h28"/>')
        note = f' <tspan class="faint">{escape(each.note)}</tspan>' if each.note else ""
        body.append(f'<text x="{_LEFT + 38}" y="{y}">{escape(_short(each.name, 60))}{note}</text>')
    return body


# --- counts -----------------------------------------------------------------------------------------------------------


def _grid(grid: Grid) -> tuple[list[str], int]:
    number = len(grid.names)
    left = _LEFT + 8 * min(_LONGEST, max(len(each) for each in grid.names)) // 2 + 24
    side = (WIDTH - _RIGHT - left) / number
    cell = min(side, 64.0)
    tilted = cell < 9 * min(_LONGEST, max(len(each) for each in grid.names)) / 1.4
    angle = -90 if cell < _NARROW else -45
    bottom = _TOP + cell * number
    body: list[str] = []
    for row, counts in enumerate(grid.counts):
        y, total = _TOP + cell * row, max(1, sum(counts))
        middle = y + cell / 2 + 4
        body.append(f'<text class="end" x="{left - 8:.1f}" y="{middle:.1f}">{escape(_short(grid.names[row]))}</text>')
        for column, count in enumerate(counts):
            x, share = left + cell * column, count / total
            body.append(
                f'<rect x="{x:.1f}" y="{y:.1f}" width="{cell - 1:.1f}" height="{cell - 1:.1f}" fill="var(--s0)"'
                f' fill-opacity="{0.06 + 0.64 * share:.2f}"><title>{escape(grid.names[row])} answered'
                f" {escape(grid.names[column])}: {count:,} of {sum(counts):,}</title></rect>"
            )
            if cell >= 22:
                body.append(f'<text class="middle" x="{x + cell / 2:.1f}" y="{middle:.1f}">{count:,}</text>')
    for column, name in enumerate(grid.names):
        x = left + cell * (column + 0.5)
        x += 4 if angle == -90 else 0  # the line that letters stand on, not their middle
        turn = f' transform="rotate({angle} {x:.1f} {bottom + 12:.1f})"' if tilted else ""
        anchor, down = ("end", 12) if tilted else ("middle", 16)
        shown = escape(_short(name, _LONGEST_BELOW))
        body.append(f'<text class="{anchor}" x="{x:.1f}" y="{bottom + down:.1f}"{turn}>{shown}</text>')
    longest = _LETTER * min(_LONGEST_BELOW, max(len(each) for each in grid.names))
    below = 44 + longest * (1.0 if angle == -90 else 0.75) if tilted else 44
    body.append(
        f'<text class="faint middle" x="{left + cell * number / 2:.0f}" y="{bottom + below - 8:.0f}">'
        f"{escape(grid.x_label)}</text>"
    )
    body.append(
        f'<text class="faint middle" transform="translate(18 {(_TOP + bottom) / 2:.0f}) rotate(-90)">'
        f"{escape(grid.y_label)}</text>"
    )
    return body, math.ceil(bottom + below + 8)


def _short(name: str, most: int = _LONGEST) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"
