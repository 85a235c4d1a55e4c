"""The pictures of a run, from the files that it kept: curves, reliability, residuals, confusion, and how it learned."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import polars as pl

from declml.charts.chart import Chart, Grid, Picture, Series
from declml.charts.scale import label
from declml.charts.svg import draw
from declml.contracts import Facts
from declml.errors import UserProblem
from declml.evaluation.calibration import reliability
from declml.evaluation.curves import ThresholdCurve, precision_recall_curve, roc_curve
from declml.run.components import Components
from declml.run.files import storage_problem, write_json, write_text
from declml.run.saved import DESCRIPTION, kept_plugins
from declml.run.token_pictures import labels_picture, lengths_picture, places_picture
from declml.run.vector_pictures import dimensions_picture, predicted_picture
from declml.runs.folder import Run
from declml.runs.history import History, history
from declml.token_rows import TokenRows
from declml.trust import is_trusted, untrusted_problem
from declml_schema.plan import OutputFeature

KINDS = (
    "learning", "roc", "precision_recall", "calibration", "confusion", "residuals", "places", "lengths", "dimensions",
    "predicted",
)  # fmt: skip
"""What can be drawn of a run."""
_SPOKEN = frozenset({"sequence", "text"})
_MOST_LINES = 6
_MOST_POINTS = 2000
_WHOLE = (0.0, 1.0)


@dataclass(frozen=True, slots=True)
class _Kept:
    """One output on one split as the run kept it: ``scores`` and ``targets`` are on the scale of the metrics.

    Those of sequences and texts are rows of tokens; ``tagged`` says that each is the label of one of an input.
    """

    output: OutputFeature
    split: str
    facts: Facts
    scores: Any
    targets: Any
    tagged: bool = False

    @property
    def place(self) -> str:
        """Where the rows are from, for a title."""
        return f"{self.output.name}, {self.split} rows"

    @property
    def file(self) -> str:
        """What a file name says of it; names may hold anything, so they are cut down to what every disk takes."""
        return f"{re.sub(r'[^A-Za-z0-9_-]+', '_', self.output.name)[:60]}-{self.split}"

    def sides(self) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
        """Yield name, scores and truth of each class that can be told from the others, the most frequent first."""
        if self.output.type == "binary":
            yield str(self.facts["true"]), self.scores, self.targets > 0
        elif self.output.type == "category":
            for place, name in enumerate(self.facts["classes"][:_MOST_LINES]):
                yield str(name), self.scores[:, place], self.targets == place
        elif self.output.type == "set":
            for place, name in enumerate(self.facts["vocabulary"][:_MOST_LINES]):
                yield str(name), self.scores[:, place], self.targets[:, place] > 0


def pictures_of(run: Run, *, kinds: Sequence[str] = KINDS, split: str | None = None) -> list[Picture]:
    """Return the pictures of a run: those of its answers from ``split``, the last one that it evaluated by default.

    A kind that none of the outputs has is left out.
    """
    pictures: list[Picture] = list(_learning(run)) if "learning" in kinds else []
    drawn = [(kind, act) for kind, act in _DRAWN.items() if kind in kinds]
    if drawn:
        for kept in _kept(run, split):
            pictures += [picture for _, act in drawn for picture in act(kept)]
    return pictures


def write_pictures(pictures: Sequence[Picture], folder: Path) -> list[tuple[Path, Picture]]:
    """Write each picture as SVG, and as JSON beside it; return the SVG files with what they show."""
    written: list[tuple[Path, Picture]] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise storage_problem(error, folder) from error
    for picture in pictures:
        alike = sum(picture.name == other.name for _, other in written)  # names of outputs may differ in signs alone
        path = folder / f"{picture.name}{f'-{alike + 1}' if alike else ''}.svg"
        write_json(path.with_suffix(".json"), picture.as_json())
        write_text(path, draw(picture))
        written.append((path, picture))
    return written


# --- what the run kept ------------------------------------------------------------------------------------------------


def _kept(run: Run, split: str | None) -> Iterator[_Kept]:
    splits = [each for each in ("training", "validation", "test") if _answers(run, each).exists()]
    if not splits:
        raise UserProblem(
            "no-predictions", f"Run {run.id} must have predictions to draw; got none: it is {run.status}."
        )
    if split is not None and split not in splits:
        raise UserProblem(
            "absent-split", f"--split must be one that run {run.id} evaluated, {', '.join(splits)}; got {split}."
        )
    split = split or splits[-1]
    frame = pl.read_parquet(_answers(run, split))
    facts: dict[str, Facts] = json.loads((run.model / DESCRIPTION).read_text())["facts"]
    components = _components(run)
    for place, output in enumerate(run.plan.outputs):
        operation = components.build("output", output.type)()
        if output.type in _SPOKEN and frame.height:
            yield _spoken(frame, place, output, facts[output.name], operation, components, split)
            continue
        scores = _scores(frame, output, facts[output.name])
        if scores is None or not frame.height:
            continue
        # Truths stand after the row's number, in the order of the outputs.
        encoded = operation.encode(frame[frame.columns[1 + place]], facts[output.name], output.preprocessing)
        targets = operation.targets(encoded.values, facts[output.name], output.preprocessing)
        yield _Kept(output, split, facts[output.name], scores, targets)


def _spoken(
    frame: pl.DataFrame, place: int, output: OutputFeature, facts: Facts, operation: Any, components: Components,
    split: str,
) -> _Kept:  # fmt: skip
    """Return the true tokens of an output and those of its answers, both cut as the training cut its targets."""
    asked = components.asked_by_decoder(output.decoder.type, output.type)
    preprocessing = {**output.preprocessing, **asked, "missing_value_strategy": "fill_with_const"}

    def tokens(column: str) -> TokenRows:
        encoded = operation.encode(frame[column], facts, preprocessing)
        return operation.targets(TokenRows(np.asarray(encoded.values), encoded.offsets), facts, preprocessing)

    tagged = bool(components.facts_of("decoder", output.decoder.type, output.type).get("tokens"))
    said, truth = tokens(f"{output.name}_predictions"), tokens(frame.columns[1 + place])
    return _Kept(output, split, facts, said, truth, tagged)


def _answers(run: Run, split: str) -> Path:
    return run.path / "predictions" / f"{split}.parquet"


def _components(run: Run) -> Components:
    plugins = kept_plugins(run)
    for each in plugins:
        if each.is_file() and not is_trusted(each):
            raise untrusted_problem(each)
    return Components(plugins)


def _scores(frame: pl.DataFrame, output: OutputFeature, facts: Facts) -> np.ndarray | None:
    """Return what the metrics saw of an output's answers; None for one that has no picture."""
    if output.type == "number":
        return frame[f"{output.name}_predictions"].to_numpy()
    if output.type == "vector":
        return np.stack(frame[f"{output.name}_predictions"].to_list())
    names: Mapping[str, Any] = {
        "binary": [facts.get("true")],
        "category": facts.get("classes"),
        "category_distribution": facts.get("classes"),
        "set": facts.get("vocabulary"),
    }
    if names.get(output.type) is None:
        return None
    wide = frame.select([f"{output.name}_probability_{each}" for each in names[output.type]]).to_numpy()
    return wide[:, 0] if output.type == "binary" else wide


# --- one picture after the other --------------------------------------------------------------------------------------


def _roc(kept: _Kept) -> Iterator[Picture]:
    series = tuple(_lines(kept, roc_curve))
    if series:
        yield Chart(
            "roc", f"roc-{kept.file}", f"ROC: {kept.place}",
            f"How many positives are found (up) for how many false alarms (across). {_told(series)}",
            "false positive rate", "true positive rate", series, _WHOLE, _WHOLE, ((0.0, 0.0), (1.0, 1.0)),
        )  # fmt: skip


def _precision_recall(kept: _Kept) -> Iterator[Picture]:
    series = tuple(_lines(kept, precision_recall_curve))
    if series:
        yield Chart(
            "precision_recall", f"precision_recall-{kept.file}", f"Precision over recall: {kept.place}",
            f"How many positive answers are right (up) for how many positives found (across). {_told(series)}",
            "recall", "precision", series, _WHOLE, _WHOLE,
        )  # fmt: skip


def _lines(kept: _Kept, curve: Callable[[np.ndarray, np.ndarray], ThresholdCurve | None]) -> Iterator[Series]:
    for name, scores, positive in kept.sides():
        found = curve(scores, positive)
        if found is not None:
            thresholds = [float(each) if np.isfinite(each) else 1.0 for each in found.threshold]
            yield Series(
                name, found.x.tolist(), found.y.tolist(), note=f"area {found.area:.4f}",
                extra=(("threshold", thresholds),),
            )  # fmt: skip


def _told(series: Sequence[Series]) -> str:
    return "; ".join(f"{each.name}: {each.note}" for each in series) + "."


def _calibration(kept: _Kept) -> Iterator[Picture]:
    if kept.output.type in {"number", "vector", *_SPOKEN}:
        return
    scores, targets = kept.scores, kept.targets
    if kept.output.type == "set":
        scores, targets = scores.ravel(), targets.ravel()
    bins = reliability(scores, targets)
    answer = str(kept.facts["true"]) if kept.output.type == "binary" else "the answer"
    series = Series(
        kept.output.name, bins.sure, bins.right, "line-and-points", f"calibration error {bins.error:.4f}",
        (("rows", bins.rows),),
    )  # fmt: skip
    yield Chart(
        "calibration", f"calibration-{kept.file}", f"Reliability: {kept.place}",
        "How often an answer comes true (up) by the probability that it was given (across); on the diagonal both are"
        f" the same. {series.note}.",
        f"probability of {answer}", "share that came true", (series,), _WHOLE, _WHOLE, ((0.0, 0.0), (1.0, 1.0)),
    )  # fmt: skip


def _confusion(kept: _Kept) -> Iterator[Picture]:
    yield from _labels(kept)
    names = kept.facts.get("classes") if kept.output.type != "binary" else [kept.facts["false"], kept.facts["true"]]
    if not names or len(names) > 50 or kept.output.type == "set":
        return
    if kept.output.type == "binary":
        answers = (kept.scores >= kept.output.parameters["threshold"]).astype(int)
        truth = (kept.targets > 0).astype(int)
    else:
        answers = kept.scores.argmax(axis=1)
        truth = kept.targets.argmax(axis=1) if kept.targets.ndim == 2 else kept.targets
    counts = np.zeros((len(names), len(names)), dtype=np.int64)
    np.add.at(counts, (truth, answers), 1)
    right = int(np.trace(counts))
    yield Grid(
        "confusion", f"confusion-{kept.file}", f"Confusion: {kept.place}",
        f"Rows by their true class (down) and the answered one (across): {right:,} of {len(truth):,} are right.",
        "answered class", "true class", tuple(str(each) for each in names),
        tuple(tuple(int(each) for each in row) for row in counts),
    )  # fmt: skip


def _residuals(kept: _Kept) -> Iterator[Picture]:
    if kept.output.type != "number":
        return
    rest = kept.targets - kept.scores
    some = np.unique(np.linspace(0, len(rest) - 1, min(len(rest), _MOST_POINTS)).astype(np.int64))
    mean, deviation = (label(float(f"{each:.4g}")) for each in (rest.mean(), rest.std()))
    note = f"mean {mean}, standard deviation {deviation}"
    series = Series(kept.output.name, kept.scores[some].tolist(), rest[some].tolist(), "points", note)
    low, high = float(kept.scores.min()), float(kept.scores.max())
    yield Chart(
        "residuals", f"residuals-{kept.file}", f"Residuals: {kept.place}",
        f"What is missing to the truth (up) by the predicted value (across); nothing on the line. {note}.",
        "predicted value", "truth minus prediction", (series,), guide=((low, 0.0), (high, 0.0)),
    )  # fmt: skip


def _labels(kept: _Kept) -> Iterator[Picture]:
    if kept.tagged and "vocabulary" in kept.facts:
        names = [str(each) for each in kept.facts["vocabulary"]]
        yield from labels_picture(kept.scores, kept.targets, names, file=kept.file, place=kept.place)


def _places(kept: _Kept) -> Iterator[Picture]:
    if kept.output.type in _SPOKEN:
        yield from places_picture(kept.scores, kept.targets, file=kept.file, place=kept.place)


def _lengths(kept: _Kept) -> Iterator[Picture]:
    if kept.output.type in _SPOKEN and not kept.tagged:
        yield from lengths_picture(kept.scores, kept.targets, file=kept.file, place=kept.place)


def _dimensions(kept: _Kept) -> Iterator[Picture]:
    if kept.output.type == "vector":
        yield dimensions_picture(kept.scores, kept.targets, file=kept.file, place=kept.place)


def _predicted(kept: _Kept) -> Iterator[Picture]:
    if kept.output.type == "vector":
        yield predicted_picture(kept.scores, kept.targets, file=kept.file, place=kept.place)


_Draw: TypeAlias = Callable[[_Kept], Iterator[Picture]]
_DRAWN: Mapping[str, _Draw] = {
    "roc": _roc,
    "precision_recall": _precision_recall,
    "calibration": _calibration,
    "confusion": _confusion,
    "residuals": _residuals,
    "places": _places,
    "lengths": _lengths,
    "dimensions": _dimensions,
    "predicted": _predicted,
}


def _learning(run: Run) -> Iterator[Picture]:
    told = history(run.events)
    decides = run.decides or {}
    wanted = dict.fromkeys([("combined", "loss"), (decides.get("output", ""), decides.get("metric", ""))])
    for output, metric in wanted:
        series = tuple(_curves(told, output, metric))
        if not series:
            continue
        name = "loss" if output == "combined" else f"{output} {metric}"
        file = re.sub(r"[^A-Za-z0-9_-]+", "_", name)[:80]
        yield Chart(
            "learning", f"learning-{file}", f"Learning: {name}",
            f"{name} (up) after each evaluation (across). {_told(series)}",
            "round" if run.plan.model_type == "gbm" else "epoch", name, series,
        )  # fmt: skip


def _curves(told: History, output: str, metric: str) -> Iterator[Series]:
    for split in ("training", "validation", "test"):
        points = told.points(split, output, metric)
        if points:
            yield Series(
                split, [float(each.epoch) for each in points], [each.value for each in points],
                "line-and-points" if len(points) == 1 else "line", f"last {points[-1].value:.4g}",
                (("step", [each.step for each in points]),),
            )  # fmt: skip
