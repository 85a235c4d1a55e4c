"""Tables as HTML that needs nothing else, and small curves as text."""

from __future__ import annotations

from declml_jupyter.tables import confusion_html, html_table, metrics_html, sparkline


def test_what_a_name_holds_is_text_and_no_markup() -> None:
    html = html_table([["<b>x</b>", "1"]], header=["a & b", "n"], right=[1], caption="<c>")
    assert "&lt;b&gt;x&lt;/b&gt;" in html
    assert "a &amp; b" in html
    assert "&lt;c&gt;" in html
    assert "<script" not in html


def test_the_metric_that_decides_stands_out() -> None:
    html = metrics_html(
        {"test": {"combined": {"loss": 0.5}, "y": {"loss": 0.5, "accuracy": 0.75}}},
        {"output": "y", "metric": "accuracy"},
    )
    assert "<b>accuracy</b>" in html
    assert "<b>loss</b>" not in html
    assert "combined" not in html


def test_a_confusion_tells_how_many_of_each_class_were_right() -> None:
    html = confusion_html("y", {"classes": ["no", "yes"], "counts": [[9, 1], [0, 0]]})
    assert "90%" in html
    assert ">-<" in html


def test_a_sparkline_has_the_shape_of_the_curve() -> None:
    assert sparkline([1, 2, 3]) == "▁▄█" or sparkline([1, 2, 3]) == "▁▅█"
    assert sparkline([1.0]) == ""
    assert sparkline([2.0, 2.0, 2.0]) == "▁▁▁"
    assert len(sparkline(list(range(1000)))) == 16
    assert sparkline([1.0, float("nan"), 2.0]) == "▁█"
