"""How good the defaults are: declml told only the features, against the defaults of three gradient boosters.

By hand: ``python tests/benchmarks/quality.py`` with the data sets beside the checkout and scikit-learn, lightgbm and
xgboost installed. One table of test scores: R2 for numbers, area under the ROC curve for two classes, accuracy for
more. ``--tune`` never touches the test rows: it cuts a fifth off the training rows, with another cut for each seed,
which is what a change of a default may be judged by. ``--set key=value`` tries another config for declml.

The boosters train on all training rows; declml takes the rows for its validation from them. CPU seconds are those of
declml's training process, everything included.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

import declml

SHARED = Path(__file__).parents[3] / "shared" / "data"
FLIGHTS_KNOWN_LATER = ("dep_time", "dep_delay", "arr_time", "air_time", "time_hour", "year")


@dataclass(frozen=True)
class Task:
    """A table, what to predict, and how well the boosters' inputs and ours are typed: by the columns alone."""

    name: str
    table: pl.DataFrame
    target: str
    kind: str  # number, binary or category
    test: np.ndarray | None = None
    texts: tuple[str, ...] = ()

    @property
    def features(self) -> list[str]:
        return [each for each in self.table.columns if each != self.target]


def adult() -> Task:
    table = pl.read_csv(SHARED / "adult.csv")
    return Task("adult", table.drop("split"), "income", "binary", (table["split"] == 2).to_numpy())


def penguins() -> Task:
    return Task("penguins", pl.read_csv(SHARED / "penguins.csv", null_values="NA"), "species", "category")


def ames() -> Task:
    return Task("ames", pl.read_csv(SHARED / "ames.csv", infer_schema_length=None), "Sale_Price", "number")


def diamonds() -> Task:
    return Task("diamonds", pl.read_parquet(SHARED / "diamonds.parquet"), "price", "number")


def titanic() -> Task:
    return Task("titanic", pl.read_csv(SHARED / "titanic.csv", infer_schema_length=None), "survived", "binary")


def nycflights() -> Task:
    table = pl.read_parquet(SHARED / "nycflights.parquet").drop(FLIGHTS_KNOWN_LATER).drop_nulls("arr_delay")
    return Task("nycflights", table.sample(120_000, seed=0, shuffle=True), "arr_delay", "number")


def sms_spam() -> Task:
    return Task("sms_spam", pl.read_csv(SHARED / "sms_spam.csv"), "label", "binary", texts=("message",))


def ag_news() -> Task:
    table = pl.read_csv(SHARED / "ag_news.csv").with_columns(pl.col("description").fill_null(""))
    return Task("ag_news", table, "class", "category", texts=("title", "description"))


TASKS: Sequence[Callable[[], Task]] = (titanic, penguins, ames, diamonds, adult, nycflights, sms_spam, ag_news)


@dataclass(frozen=True)
class Cut:
    """The rows to learn from and those to be judged by."""

    train: pl.DataFrame
    test: pl.DataFrame


def cut(task: Task, seed: int, *, tune: bool, most: int | None) -> Cut:
    """Return the split of the data set where it has one, else a fifth for the test; ``tune`` stays in the training."""
    chance = np.random.default_rng(seed)
    test = task.test if task.test is not None else chance.permutation(task.table.height) < task.table.height // 5
    train = task.table.filter(~test)
    if tune:
        held = np.random.default_rng(1000 + seed).permutation(train.height) < train.height // 5
        train, judged = train.filter(~held), train.filter(held)
    else:
        judged = task.table.filter(test)
    if most is not None and train.height > most:
        train = train.sample(most, seed=seed, shuffle=True)
    return Cut(train, judged)


def score(task: Task, truth: np.ndarray, answers: np.ndarray) -> float:
    """Return R2, area under the curve or accuracy: answers are numbers, probabilities or labels."""
    if task.kind == "number":
        return float(1 - np.mean((answers - truth) ** 2) / np.var(truth))
    if task.kind == "category":
        return float(np.mean(answers == truth))
    _, places, counts = np.unique(answers, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[places]  # equal answers share the mean of their ranks
    positive = truth == 1
    count = int(positive.sum())
    return float((ranks[positive].sum() - count * (count + 1) / 2) / (count * (len(truth) - count)))


def truth_of(task: Task, table: pl.DataFrame) -> np.ndarray:
    """Return the target: numbers, labels, or 1 for the second of two labels in their order."""
    column = table[task.target]
    if task.kind == "binary":
        return (column.cast(pl.String) == sorted(column.cast(pl.String).unique())[1]).to_numpy().astype(np.int64)
    return column.to_numpy()


def boosters(task: Task, rows: Cut) -> dict[str, float]:
    """Return the test score of each booster with its defaults, categories told to it as such."""
    from lightgbm import LGBMClassifier, LGBMRegressor
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from sklearn.preprocessing import LabelEncoder, OrdinalEncoder
    from xgboost import XGBClassifier, XGBRegressor

    words = [each for each in task.features if task.table[each].dtype == pl.String]
    both = {}
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan, encoded_missing_value=np.nan)
    for side, table in (("train", rows.train), ("test", rows.test)):
        frame = table.select(task.features).to_pandas()
        if words:
            values = frame[words].astype(object).where(frame[words].notna(), None)
            frame[words] = encoder.fit_transform(values) if side == "train" else encoder.transform(values)
        both[side] = frame.astype(float)
    is_number = task.kind == "number"
    labels = LabelEncoder()
    target = truth_of(task, rows.train) if is_number else labels.fit_transform(rows.train[task.target])
    few = [each for each in words if both["train"][each].nunique() <= 255]
    as_categories = {
        side: frame.assign(
            **{
                each: frame[each]
                .astype("Int64")
                .astype("category")
                .cat.set_categories(sorted(both["train"][each].dropna().astype(int).unique()))
                for each in words
            }
        )
        for side, frame in both.items()
    }
    options: dict[str, Any] = {"random_state": 0, "n_jobs": 1}
    light = (LGBMRegressor if is_number else LGBMClassifier)(verbose=-1, **options)
    extreme = (XGBRegressor if is_number else XGBClassifier)(enable_categorical=True, **options)
    hist = (HistGradientBoostingRegressor if is_number else HistGradientBoostingClassifier)(
        categorical_features=[each in few for each in task.features], random_state=0
    )
    found = {}
    for name, model, frames in (
        ("HistGB", hist, both),
        ("LightGBM", light, as_categories),
        ("XGBoost", extreme, as_categories),
    ):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(frames["train"], target)
            if task.kind == "binary":
                answers = model.predict_proba(frames["test"])[:, 1]
            else:
                answers = model.predict(frames["test"])
        if task.kind == "category":
            answers = labels.inverse_transform(np.asarray(answers).astype(int))
        found[name] = score(task, truth_of(task, rows.test), np.asarray(answers))
    return found


def over_words(task: Task, rows: Cut) -> dict[str, float]:
    """Return the test score of a linear model and of boosters over the TF-IDF of the 5,000 commonest words."""
    from lightgbm import LGBMClassifier
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import LabelEncoder
    from xgboost import XGBClassifier

    read = TfidfVectorizer(max_features=5_000, sublinear_tf=True)
    joined = [
        side.select(pl.concat_str(task.texts, separator=" ")).to_series().to_list() for side in (rows.train, rows.test)
    ]
    train, test = read.fit_transform(joined[0]), read.transform(joined[1])
    labels = LabelEncoder()
    target = labels.fit_transform(rows.train[task.target])
    options: dict[str, Any] = {"random_state": 0, "n_jobs": 1}
    found = {}
    for name, model in (
        ("linear", LogisticRegression(max_iter=1_000)),
        ("LightGBM", LGBMClassifier(verbose=-1, **options)),
        ("XGBoost", XGBClassifier(**options)),
    ):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(train, target)
            likely = model.predict_proba(test)
        answers = likely[:, 1] if task.kind == "binary" else labels.inverse_transform(likely.argmax(axis=1))
        found[name] = score(task, truth_of(task, rows.test), np.asarray(answers))
    return found


def ours(task: Task, rows: Cut, folder: Path, overrides: Sequence[str]) -> tuple[float, float, float]:
    """Return declml's test score, its CPU seconds and its wall seconds."""
    kinds = {name: "category" if task.table[name].dtype == pl.String else "number" for name in task.features}
    kinds |= dict.fromkeys(task.texts, "text")
    config = {
        "input_features": [{"name": name, "type": kinds[name]} for name in task.features],
        "output_features": [{"name": task.target, "type": task.kind}],
        "preprocessing": {"split": {"type": "random", "probabilities": [0.85, 0.15, 0.0]}},
    }
    file = folder / "config.yaml"
    file.write_text(json.dumps(config))
    rows.train.write_parquet(folder / "train.parquet")
    rows.test.write_parquet(folder / "test.parquet")
    before, began = cpu(), time.perf_counter()
    run = declml.train(
        file, dataset=folder / "train.parquet", runs=folder / "runs", overrides=list(overrides), kernel="local"
    )
    seconds, wall = cpu() - before, time.perf_counter() - began
    answers = declml.predict(run, folder / "test.parquet")
    if task.kind == "binary":
        labels = sorted(task.table[task.target].cast(pl.String).unique())
        column = f"{task.target}_probability_{labels[1]}"
    else:
        column = f"{task.target}_predictions"
    return score(task, truth_of(task, rows.test), answers[column].to_numpy()), seconds, wall


def cpu() -> float:
    """Return the CPU seconds of this process and of the children that it has waited for."""
    used = (resource.getrusage(each) for each in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)


def main() -> None:
    """Print one line a data set and seed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", help="data sets by name")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--tune", action="store_true", help="judge by training rows alone")
    parser.add_argument("--most", type=int, help="train on at most this many rows")
    parser.add_argument("--set", action="append", default=[], dest="overrides")
    parser.add_argument("--no-boosters", action="store_true")
    parser.add_argument("--label", default="declml")
    options = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    wins: list[bool] = []
    for make in TASKS:
        if options.only and make.__name__ not in options.only:
            continue
        task = make()
        for seed in range(options.seeds):
            rows = cut(task, seed, tune=options.tune, most=options.most)
            with tempfile.TemporaryDirectory() as name:
                (Path(name) / ".declml").mkdir()
                value, seconds, wall = ours(task, rows, Path(name), options.overrides)
            others = over_words if task.texts else boosters
            found: dict[str, Any] = {} if options.no_boosters else others(task, rows)
            if found:
                wins.append(value >= max(found.values()))
            told = "  ".join(f"{name} {each:.4f}" for name, each in found.items())
            ours_told = f"{task.name:11} seed {seed}  {options.label} {value:.4f}"
            print(f"{ours_told}  {told}  {seconds:5.1f} CPU s {wall:5.1f} s", flush=True)
    if wins:
        print(f"at or above the best booster: {sum(wins)} of {len(wins)}")


if __name__ == "__main__":
    main()
