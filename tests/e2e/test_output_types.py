"""Sets, vectors and shares as outputs, calibrated probabilities and the pictures of a run: trained, asked, drawn."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import polars as pl
import pytest

import declml
from declml.errors import ConfigProblems, UserProblem
from declml.runs.folder import Run

from .projects import make_project

CONFIG = """\
data: {source: rows.csv}
input_features:
  - {name: a, type: number}
  - {name: b, type: number}
output_features:
  - {name: tags, type: set}
  - {name: curve, type: vector}
  - {name: votes, type: category_distribution, preprocessing: {vocab: [red, green, blue]}}
  - {name: sold, type: binary, calibration: true}
  - {name: kind, type: category, calibration: true}
  - {name: price, type: number}
trainer: {epochs: 25, batch_size: 64, early_stop: -1, threads: 1}
"""


def rows(count: int, *, seed: int) -> pl.DataFrame:
    random = np.random.default_rng(seed)
    a, b = random.normal(size=(2, count))
    tags = [" ".join(word for word, there in zip(("hot", "wet", "new"), each, strict=True) if there) or "none"
            for each in zip(a > 0, b > 0.5, a + b > 1, strict=True)]  # fmt: skip
    logits = np.stack([a, b, -a], axis=1) * 2
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return pl.DataFrame(
        {
            "a": a,
            "b": b,
            "tags": tags,
            "curve": [f"{1000 + 100 * x:.2f} {x * y:.4f} 7" for x, y in zip(a, b, strict=True)],
            "votes": [" ".join(map(str, random.multinomial(20, each))) for each in shares],
            "sold": np.where(random.random(count) < 1 / (1 + np.exp(-3 * a)), "yes", "no"),
            "kind": np.array(["low", "middle", "high"])[np.digitize(b + random.normal(size=count) / 3, [-0.5, 0.5])],
            "price": 50 + 10 * a - 5 * b,
        }
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("outputs")
    project = make_project(folder, CONFIG, data=rows(2, seed=0))
    rows(900, seed=1).write_csv(folder / "rows.csv")
    return declml.train(project.config, runs=project.runs)


def test_what_was_learned_holds_for_new_rows(run: Run) -> None:
    values = declml.evaluate(run, rows(300, seed=2)).values
    assert values["tags"]["jaccard"] > 0.85
    assert values["curve"]["r2"] > 0.8
    assert values["votes"]["kl_divergence"] < 0.1
    assert values["sold"]["roc_auc"] > 0.85
    assert values["price"]["r2"] > 0.9


def test_answers_come_as_the_columns_write_them(run: Run, tmp_path: Path) -> None:
    new = rows(20, seed=3)
    answers = declml.predict(run, new.select("a", "b"), output=tmp_path / "answers.csv")
    assert set(" ".join(answers["tags_predictions"].to_list()).split()) <= {"hot", "wet", "new", "none"}
    assert answers["curve_predictions"].list.len().unique().to_list() == [3]
    assert set(answers["votes_predictions"]) <= {"red", "green", "blue"}
    written = pl.read_csv(tmp_path / "answers.csv")
    assert [json.loads(each) for each in written["curve_predictions"]] == answers["curve_predictions"].to_list()
    for output in ("votes", "kind"):
        parts = [name for name in answers.columns if name.startswith(f"{output}_probability_")]
        assert answers.select(pl.sum_horizontal(parts)).to_series().to_list() == pytest.approx([1.0] * 20)


def test_the_temperature_is_in_the_record_and_in_the_model(run: Run) -> None:
    told = run.record["calibration"]
    assert set(told) == {"sold", "kind"}
    facts = json.loads((run.model / "model.json").read_text())["facts"]
    for name, each in told.items():
        assert facts[name]["temperature"] == each["temperature"]
        assert set(each["before"]) == set(each["after"]) == {"validation", "test"}
    # The evaluation of the run is that of the calibrated answers, and so is every later one.
    frame = pl.read_parquet(run.path / "predictions" / "test.parquet")
    again = declml.predict(run, pl.read_csv(run.path.parents[2] / "rows.csv")[frame["row"].to_list()])
    assert again["sold_probability_yes"].to_list() == pytest.approx(frame["sold_probability_yes"].to_list(), rel=1e-4)


def test_a_run_is_drawn_from_what_it_kept(run: Run, tmp_path: Path) -> None:
    from declml import api

    drawn = {path.stem: picture for path, picture in api.plot(run, folder=tmp_path / "new" / "pictures")}
    kinds = {"tags": ("roc", "precision_recall", "calibration"), "votes": ("calibration", "confusion")}
    kinds |= dict.fromkeys(("sold", "kind"), ("roc", "precision_recall", "calibration", "confusion"))
    kinds |= {"price": ("residuals",), "curve": ("dimensions", "predicted")}
    assert set(drawn) == {"learning-loss", *(f"{kind}-{name}-test" for name, each in kinds.items() for kind in each)}
    for name in drawn:
        path = tmp_path / "new" / "pictures" / f"{name}.svg"
        assert ElementTree.fromstring(path.read_text()).get("role") == "img"
        json.loads(path.with_suffix(".json").read_text(), parse_constant=lambda word: pytest.fail(word))
    confusion = json.loads((tmp_path / "new" / "pictures" / "confusion-kind-test.json").read_text())
    (event,) = [
        json.loads(line)["confusion"]["kind"]
        for line in run.events.read_text().splitlines()
        if '"split":"test"' in line.replace(": ", ":") and '"kind":"evaluation"' in line.replace(": ", ":")
    ]
    assert (confusion["names"], confusion["counts"]) == (event["classes"], event["counts"])
    area = json.loads((tmp_path / "new" / "pictures" / "roc-sold-test.json").read_text())["series"][0]["note"]
    assert float(area.split()[1]) == pytest.approx(run.metrics["test"]["sold"]["roc_auc"], abs=1e-4)


def test_only_what_is_asked_for_is_drawn(run: Run, tmp_path: Path) -> None:
    from declml import api

    (only,) = api.plot(run, kinds=["residuals"], split="validation", folder=tmp_path)
    assert only[0].name == "residuals-price-validation.svg"
    assert "validation rows" in only[1].title
    assert api.plot(run, kinds=["residuals"])[0][0] == run.path / "plots" / "residuals-price-test.svg"
    assert run.taint() == []


def test_what_cannot_be_drawn_is_said(run: Run, tmp_path: Path) -> None:
    from declml import api

    with pytest.raises(UserProblem, match="--split must be one that run"):
        api.plot(run, split="tset")
    (tmp_path / "taken").write_text("")
    with pytest.raises(UserProblem, match="must be a place that can be written"):
        api.plot(run, folder=tmp_path / "taken")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("{name: curve, type: vector, softmax: true}", "softmax: true must go with the loss softmax_cross_entropy"),
        ("{name: curve, type: vector, loss: {type: softmax_cross_entropy}}", "normalization must be null"),
        ("{name: tags, type: set, preprocessing: {tokenizer: regex}}", "token_pattern"),
        ("{name: tags, type: set, loss: {class_weights: {hot: 2}}}", "class_weights must have a number for each class"),
        ("{name: votes, type: category_distribution, preprocessing: {vocab: [x, y, z, z]}}", "a name twice|4 numbers"),
    ],
)
def test_what_does_not_fit_is_one_sentence(change: str, message: str, tmp_path: Path) -> None:
    begin, _, _ = CONFIG.partition("output_features")
    project = make_project(tmp_path, f"{begin}output_features:\n  - {change}\n", data=rows(2, seed=0))
    rows(120, seed=1).write_csv(tmp_path / "rows.csv")
    with pytest.raises((UserProblem, ConfigProblems), match=message):
        declml.train(project.config, runs=project.runs)


def test_a_vector_is_drawn_by_its_dimensions(run: Run) -> None:
    from declml.run.pictures import pictures_of

    dimensions, predicted = pictures_of(run, kinds=["dimensions", "predicted"])
    kept = pl.read_parquet(run.path / "predictions" / "test.parquet")
    said = np.array(kept["curve_predictions"].to_list())
    truth = np.array([[float(each) for each in text.split()] for text in kept["curve"]])
    root, mean, spread = (each.y for each in dimensions.series)
    assert root == pytest.approx(np.sqrt(((said - truth) ** 2).mean(0)), rel=1e-3)
    assert mean == pytest.approx(np.abs(said - truth).mean(0), rel=1e-3)
    assert spread == pytest.approx(truth.std(0), rel=1e-3)
    assert "Worst is dimension 1" in dimensions.description  # by far the largest numbers
    # Dimensions of other sizes are on one paper; the last one is always 7.
    assert [each.name for each in predicted.series] == ["dimension 1", "dimension 2", "dimension 3"]
    for place, each in enumerate(predicted.series[:2]):
        assert each.x == pytest.approx((truth[:, place] - truth[:, place].mean()) / truth[:, place].std(), abs=1e-3)
        assert np.corrcoef(each.x, each.y)[0, 1] > 0.5
    assert predicted.series[2].x == pytest.approx(np.zeros(len(truth)), abs=1e-5)
