"""Pictures: well-formed, told to who cannot see them, everything inside the paper, and round values on the axes."""

from __future__ import annotations

import math
import re
from xml.etree import ElementTree

import pytest

from declml.charts.chart import Chart, Grid, Picture, Series
from declml.charts.scale import Scale, label, ticks
from declml.charts.svg import HEIGHT, WIDTH, draw

SVG = "{http://www.w3.org/2000/svg}"
NASTY = '<b> & "quotes"'


def chart(*series: Series, **given: object) -> Chart:
    return Chart("roc", "roc-x", f"ROC: {NASTY}", f"Told {NASTY}.", "across", "up", series, **given)  # type: ignore[arg-type]


def parsed(picture: Picture) -> ElementTree.Element:
    return ElementTree.fromstring(draw(picture))


def test_a_picture_is_well_formed_and_tells_what_it_shows() -> None:
    root = parsed(chart(Series(NASTY, [0, 1], [0, 1], note="area 0.5"), guide=((0.0, 0.0), (1.0, 1.0))))
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == "title description"
    told = {each.get("id"): each.text for each in root if each.get("id")}
    assert told == {"title": f"ROC: {NASTY}", "description": f"Told {NASTY}."}
    assert any((each.text or "").strip() == NASTY for each in root.iter(f"{SVG}text"))


def test_both_colour_schemes_have_a_colour_for_every_line() -> None:
    text = draw(chart(*(Series(str(place), [0, 1], [0, place]) for place in range(8))))
    light, dark = text.split("prefers-color-scheme: dark")
    for name in ("--paper", "--ink", "--faint", "--grid", *(f"--s{place}" for place in range(6))):
        assert f"{name}:#" in light
        assert f"{name}:#" in dark
    # Lines of the same colour would be told apart by nothing, and colours alone say nothing to some people.
    dashes = re.findall(r'class="line" stroke="var\(--s(\d)\)"(?: stroke-dasharray="([^"]*)")? d="M\d', text)
    assert len(set(dashes)) == 6


@pytest.mark.parametrize("marks", ["line", "points", "line-and-points"])
@pytest.mark.parametrize(
    "values", [[1.0, 2.0], [5.0, 5.0], [0.0, 1e9], [-1e-7, 1e-7], [math.nan, 3.0], [math.inf, -math.inf], []]
)
def test_all_that_is_drawn_is_on_the_paper(marks: str, values: list[float]) -> None:
    series = Series("a", list(range(len(values))), values, marks)  # type: ignore[arg-type]
    root = parsed(chart(series))
    for circle in root.iter(f"{SVG}circle"):
        assert 0 <= float(circle.get("cx", "nan")) <= WIDTH
        assert 0 <= float(circle.get("cy", "nan")) <= HEIGHT
    for path in root.iter(f"{SVG}path"):
        assert re.fullmatch(r"(?:[MLHVh ]?-?\d+(?:\.\d+)?)*", path.get("d", "")), path.get("d")


def test_a_value_that_is_no_number_breaks_the_line() -> None:
    text = draw(chart(Series("a", [0, 1, 2, 3, 4], [0, 1, math.nan, 1, 0])))
    (line,) = re.findall(r'class="line" stroke="var\(--s0\)" d="([^"]*)"', text)
    assert (line.count("M"), line.count("L")) == (2, 2)
    assert chart(Series("a", [0], [math.nan])).as_json()["series"][0]["y"] == [None]


@pytest.mark.parametrize("number", [2, 12, 50])
def test_a_grid_shows_every_count_with_its_names(number: int) -> None:
    names = tuple(f"class {place} {'long ' * 9}" for place in range(number))
    counts = tuple(tuple(10 * row + column for column in range(number)) for row in range(number))
    root = parsed(Grid("confusion", "c", "Confusion", "Told.", "answered", "true", names, counts))
    cells = [each for each in root.iter(f"{SVG}rect") if each.get("class") != "paper"]
    assert len(cells) == number * number
    assert [int((each.findtext(f"{SVG}title") or "").split(": ")[1].split(" of ")[0]) for each in cells][1] == 1
    assert max(float(each.get("x", "0")) + float(each.get("width", "0")) for each in cells) <= WIDTH
    assert max(float(each.get("y", "0")) for each in cells) <= float(root.get("height", "0"))


@pytest.mark.parametrize(("low", "high"), [(0, 1), (-3.2, 7.9), (1e6, 3e6), (-1e-7, 2e-7), (99.5, 100.5)])
def test_axes_name_a_few_round_values_within_their_range(low: float, high: float) -> None:
    values = ticks(low, high)
    assert 3 <= len(values) <= 8
    assert all(low - 1e-9 * abs(low) <= each <= high * (1 + 1e-9) for each in values)
    assert len({label(each) for each in values}) == len(values)


def test_what_lies_outside_a_range_is_put_at_its_end() -> None:
    scale = Scale.over([], (0.0, 1.0), 100, 200)
    assert [scale(each) for each in (-5, 0, 0.5, 9)] == [100, 100, 150, 200]


def test_epochs_are_marked_at_whole_numbers_alone() -> None:
    chart = Chart("learning", "l", "L", "D", "epoch", "loss", (Series("training", [1.0, 2.0, 3.0], [3.0, 2.0, 1.0]),))
    across = re.findall(r'class="faint middle"[^>]*>([^<]+)<', draw(chart))
    assert across == ["1", "2", "3"]


def test_names_of_many_classes_stand_upright_and_clear_of_the_name_of_the_axis() -> None:
    names = tuple(f"a_long_name_{place}" for place in range(30))
    counts = tuple(tuple(int(row == column) for column in range(30)) for row in range(30))
    text = draw(Grid("confusion", "c", "C", "D", "answered class", "true class", names, counts))
    starts = [float(each) for each in re.findall(r"rotate\(-90 [\d.]+ ([\d.]+)\)", text)]
    assert len(starts) == 30
    name = re.search(r'y="(\d+)">answered class', text)
    assert name is not None and float(name[1]) > starts[0] + 14 * 7
