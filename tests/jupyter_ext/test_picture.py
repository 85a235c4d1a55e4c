"""The picture of a run: round ticks, every output, curves where there are any."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image

from declml.runs.history import History, Point
from declml_jupyter.axes import spread, tick_text, ticks
from declml_jupyter.picture import WIDTH, draw, panels

BLUE, ORANGE = (9, 105, 218), (209, 87, 15)


@pytest.mark.parametrize(
    ("low", "high", "whole", "expected"),
    [
        (0, 1, False, [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (1, 3, True, [1.0, 2.0, 3.0]),
        (0.38, 0.52, False, [0.4, 0.45, 0.5]),
        (-5, 17, False, [-5.0, 0.0, 5.0, 10.0, 15.0]),
        (1, 3000, True, [1000.0, 2000.0, 3000.0]),
    ],
)
def test_ticks_are_round(low: float, high: float, whole: bool, expected: list[float]) -> None:
    assert ticks(low, high, whole=whole) == expected


@pytest.mark.parametrize("value", [0.0, 1e-12, 1.0, 3e9, -4.5])
def test_a_flat_curve_has_an_axis(value: float) -> None:
    low, high = spread([value, value])
    assert low < value < high
    assert ticks(low, high)


def test_ticks_are_written_with_as_many_digits_as_they_need() -> None:
    assert [tick_text(each, 0.05) for each in (0.4, 0.45)] == ["0.40", "0.45"]
    assert tick_text(2000.0, 1000.0) == "2,000"
    assert tick_text(2.5e9, 5e8) == "2.5e+09"


def curves(epochs: int = 30) -> History:
    found = History()
    for split, factor in (("training", 1.0), ("validation", 1.2)):
        for output, metric in (("combined", "loss"), ("y", "loss"), ("y", "accuracy"), ("z", "r2")):
            points = [Point(each * 10, each, factor / each) for each in range(1, epochs + 1)]
            found.metrics[split, output, metric] = points
    return found


def test_there_is_a_panel_for_the_loss_and_one_for_each_output() -> None:
    shown = panels(curves(), output="y", metric="accuracy")
    assert [each.title for each in shown] == ["loss", "y · accuracy", "z · r2"]
    assert list(shown[0].curves) == ["training", "validation"]


def test_the_picture_has_both_curves_and_its_size() -> None:
    picture = draw(panels(curves(), output="y", metric="accuracy", best_epoch=12), heading="0001-ab of x: finished")
    assert picture is not None
    image = Image.open(BytesIO(picture.data)).convert("RGB")
    assert image.size == (2 * WIDTH, 2 * picture.height)
    colors = {color for _, color in image.getcolors(maxcolors=100_000) or []}
    for wanted in (BLUE, ORANGE, (255, 255, 255)):
        assert min(sum(abs(a - b) for a, b in zip(wanted, each, strict=True)) for each in colors) < 30
    assert len(picture.data) < 60_000


def test_values_that_are_not_finite_are_left_out() -> None:
    found = History()
    found.metrics["training", "combined", "loss"] = [Point(1, 1, 0.5), Point(2, 2, float("nan")), Point(3, 3, 0.4)]
    found.metrics["training", "y", "r2"] = [Point(1, 1, float("-inf"))]
    shown = panels(found, output=None, metric=None)
    assert [len(each.curves["training"]) for each in shown] == [2]
    assert draw(shown, heading="x") is not None


def test_a_run_without_curves_has_no_panels() -> None:
    assert panels(History(), output=None, metric=None) == []
