"""Metrics: scikit-learn and torchmetrics as references, with ties, one class only and no rows."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import sklearn.metrics as sk
import torch
from scipy import stats
from tests.runtime.metric_references import REFERENCES, labels
from torch import Tensor

import declml.components.metrics as folder
from declml_schema.declare import Component, component_key


def all_metrics() -> dict[tuple[str, str], Component]:
    import importlib
    import pkgutil

    found: dict[tuple[str, str], Component] = {}
    for info in pkgutil.iter_modules(folder.__path__):
        for value in vars(importlib.import_module(f"{folder.__name__}.{info.name}")).values():
            if isinstance(value, Component):
                for key in component_key(value):
                    if key[1] not in ("sequence", "text"):  # those are in test_token_metrics.py
                        found[key[1], key[2]] = value
    return found


METRICS = all_metrics()


AT_LEAST = {"threshold": 0.5 - 1e-9}  # a score at the threshold is an answer for us, and none for torchmetrics
# What torchmetrics calls them, where the definitions agree; those that declml borrows are not compared with themselves.
TORCHMETRICS: dict[tuple[str, str], tuple[str, str, dict[str, Any]]] = {
    ("number", "mean_squared_error"): ("regression", "mean_squared_error", {}),
    ("number", "mean_absolute_error"): ("regression", "mean_absolute_error", {}),
    ("number", "r2"): ("regression", "r2_score", {}),
    ("binary", "accuracy"): ("classification", "binary_accuracy", AT_LEAST),
    ("binary", "roc_auc"): ("classification", "binary_auroc", {}),
    ("binary", "average_precision"): ("classification", "binary_average_precision", {}),
    ("binary", "precision"): ("classification", "binary_precision", AT_LEAST),
    ("binary", "recall"): ("classification", "binary_recall", AT_LEAST),
    ("binary", "specificity"): ("classification", "binary_specificity", AT_LEAST),
    ("binary", "f1"): ("classification", "binary_f1_score", AT_LEAST),
    ("category", "accuracy"): ("classification", "multiclass_accuracy", {"num_classes": 5, "average": "micro"}),
    ("category", "balanced_accuracy"): ("classification", "multiclass_accuracy", {"num_classes": 5}),
    ("category", "f1_macro"): ("classification", "multiclass_f1_score", {"num_classes": 5}),
    ("category", "roc_auc"): ("classification", "multiclass_auroc", {"num_classes": 5}),
    ("category", "hits_at_k"): (
        "classification",
        "multiclass_accuracy",
        {"num_classes": 5, "average": "micro", "top_k": 3},
    ),
}


ROUGH = {"adjusted_mutual_info_score": 1e-4, "log_auc": 5e-3}
"""What torchmetrics computes in single precision; of its curve it keeps the end of a step that stands on a bound."""
WIDE = {"set", "vector", "category_distribution"}
"""Output types whose targets are as wide as the answers."""


def random_data(key: tuple[str, str], seed: int, *, ties: bool) -> tuple[Tensor, Tensor]:
    """Return scores and targets of 200 rows; with ``ties``, numbers and binary probabilities take eight values only."""
    generator = np.random.default_rng(seed)
    rows, feature = 200, key[0]
    ties = ties and key[1] != "ranking_loss"  # where torchmetrics takes equal ones as they come
    if feature == "category":
        targets = generator.integers(0, 5, rows)
        logits = generator.normal(size=(rows, 5)) + 1.5 * np.eye(5)[targets]
        scores = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        return torch.from_numpy(scores), torch.from_numpy(targets)
    if feature in WIDE:
        wide = generator.normal(size=(rows, 5))
        said = wide + generator.normal(size=(rows, 5))
        if feature == "vector":
            return torch.from_numpy(said), torch.from_numpy(wide)
        if feature == "category_distribution":
            return torch.from_numpy(said).softmax(dim=1), torch.from_numpy(wide).softmax(dim=1)
        chances = np.round(1 / (1 + np.exp(-said)) * 8) / 8 if ties else 1 / (1 + np.exp(-said))
        return torch.from_numpy(chances), torch.from_numpy((wide > 0.5).astype(np.uint8))
    targets = generator.normal(size=rows)
    scores = targets + generator.normal(size=rows)
    if feature == "binary":
        targets = (targets > 0.5).astype(np.float64)
        scores = 1 / (1 + np.exp(-scores))
        scores = np.round(scores * 8) / 8 if ties else scores
    elif ties:
        scores, targets = np.round(scores * 2), np.round(targets * 2) + 0.5
    if key[1] in {"mean_squared_log_error", "poisson_deviance", "gamma_deviance"}:
        scores, targets = abs(scores) + 0.25, abs(targets)
    return torch.from_numpy(scores), torch.from_numpy(targets)


def build(key: tuple[str, str], **parameters: Any) -> Any:
    component = METRICS[key]
    assert component.build is not None
    return component.build(**parameters)


@pytest.fixture(autouse=True)
def quiet_references() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn's and torchmetrics' own
        import torchmetrics.functional  # noqa: F401 - warns while it is imported

        yield


def test_every_metric_has_a_reference() -> None:
    assert METRICS.keys() == REFERENCES.keys()


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("key", sorted(REFERENCES), ids="-".join)
def test_metrics_agree_with_scikit_learn_and_scipy(key: tuple[str, str], ties: bool) -> None:
    for seed in range(3):
        scores, targets = random_data(key, seed, ties=ties)
        expected = REFERENCES[key](scores.numpy(), targets.numpy())
        assert build(key)(scores, targets) == pytest.approx(expected, rel=ROUGH.get(key[1], 1e-6), abs=1e-9)


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("key", sorted(TORCHMETRICS), ids="-".join)
def test_metrics_agree_with_torchmetrics(key: tuple[str, str], ties: bool) -> None:
    import torchmetrics.functional as functional

    room, name, options = TORCHMETRICS[key]
    reference = getattr(getattr(functional, room), name)
    for seed in range(3):
        scores, targets = random_data(key, seed, ties=ties)
        whole = targets if targets.is_floating_point() and key[0] != "binary" else targets.long()
        expected = float(reference(scores, whole, **options))
        assert build(key)(scores, targets) == pytest.approx(expected, rel=1e-5, abs=1e-7)


def empty(feature: str) -> tuple[Tensor, Tensor]:
    if feature == "category":
        return torch.zeros(0, 5), torch.zeros(0, dtype=torch.int64)
    if feature in WIDE:
        return torch.zeros(0, 5), torch.zeros(0, 5)
    return torch.zeros(0), torch.zeros(0)


@pytest.mark.parametrize("key", sorted(METRICS), ids="-".join)
def test_without_rows_a_metric_is_nan(key: tuple[str, str]) -> None:
    assert math.isnan(build(key)(*empty(key[0])))


@pytest.mark.parametrize("key", sorted(METRICS), ids="-".join)
def test_one_row_or_one_class_or_one_value_is_a_number_in_range_or_nan(key: tuple[str, str]) -> None:
    feature = key[0]
    low, high = METRICS[key].facts["range"]
    for rows in (1, 2, 30):
        for value in (0, 1):
            for constant in (False, True):
                generator = torch.Generator().manual_seed(rows)
                shape = (rows, 5) if feature in {"category", *WIDE} else (rows,)
                scores = torch.full(shape, 0.2) if constant else torch.rand(shape, generator=generator)
                if feature.startswith("category"):
                    scores = scores / scores.sum(dim=1, keepdim=True)
                targets = torch.full((rows,), value, dtype=torch.int64 if feature == "category" else torch.float32)
                if feature in WIDE:
                    targets = torch.zeros(rows, 5).index_fill_(1, torch.tensor([value]), 1.0)
                answer = build(key)(scores, targets)
                assert isinstance(answer, float)
                if not math.isnan(answer):
                    assert low is None or answer >= low - 1e-6
                    assert high is None or answer <= high + 1e-6


UNDEFINED = [
    (("number", "r2"), [1.0, 2.0], [3.0, 3.0]),
    (("number", "pearson"), [1.0, 1.0], [3.0, 4.0]),
    (("number", "spearman"), [1.0, 2.0], [3.0, 3.0]),
    (("number", "mean_squared_log_error"), [1.0, 2.0], [-1.0, 3.0]),
    (("number", "kendall"), [1.0, 1.0], [3.0, 4.0]),
    (("number", "poisson_deviance"), [1.0, 2.0], [-1.0, 3.0]),
    (("number", "gamma_deviance"), [1.0, 2.0], [0.0, 3.0]),
    (("number", "relative_squared_error"), [1.0, 2.0], [3.0, 3.0]),
    (("number", "normalized_root_mean_squared_error"), [1.0, 2.0], [3.0, 3.0]),
    (("number", "weighted_mean_absolute_percentage_error"), [1.0, 2.0], [0.0, 0.0]),
    (("binary", "roc_auc"), [0.1, 0.9], [1.0, 1.0]),
    (("binary", "roc_auc"), [0.1, math.nan], [0.0, 1.0]),
    (("binary", "eer"), [0.1, 0.9], [1.0, 1.0]),
    (("binary", "recall_at_fixed_precision"), [0.1, 0.9], [0.0, 0.0]),
    (("binary", "average_precision"), [0.1, 0.9], [0.0, 0.0]),
    (("binary", "precision"), [0.1, 0.2], [1.0, 0.0]),
    (("binary", "recall"), [0.1, 0.9], [0.0, 0.0]),
    (("binary", "specificity"), [0.1, 0.9], [1.0, 1.0]),
    (("binary", "f1"), [0.1, 0.2], [0.0, 0.0]),
    (("binary", "f2"), [0.1, 0.2], [0.0, 0.0]),
    (("binary", "negative_predictive_value"), [0.8, 0.9], [1.0, 0.0]),
    (("binary", "matthews_corrcoef"), [0.1, 0.9], [1.0, 1.0]),
    (("binary", "cohen_kappa"), [0.8, 0.9], [1.0, 1.0]),
]


@pytest.mark.parametrize(("key", "scores", "targets"), UNDEFINED)
def test_what_is_undefined_is_nan(key: tuple[str, str], scores: list[float], targets: list[float]) -> None:
    assert math.isnan(build(key)(torch.tensor(scores), torch.tensor(targets)))


@pytest.mark.parametrize("key", sorted(METRICS), ids="-".join)
def test_the_goal_points_from_noise_to_truth(key: tuple[str, str]) -> None:
    scores, targets = random_data(key, 5, ties=False)
    perfect = torch.eye(5, dtype=torch.float64)[targets] if key[0] == "category" else targets
    noise = scores[torch.randperm(len(scores), generator=torch.Generator().manual_seed(0))]
    best, worst = build(key)(perfect, targets), build(key)(noise, targets)
    assert best > worst if METRICS[key].facts["goal"] == "maximize" else best < worst


@pytest.mark.parametrize("key", sorted(key for key in METRICS if METRICS[key].parameters.model_fields), ids="-".join)
def test_every_declared_parameter_acts(key: tuple[str, str]) -> None:
    scores, targets = random_data(key, 1, ties=False)
    declared = METRICS[key].parameters().model_dump()
    assert build(key)(scores, targets) == build(key, **declared)(scores, targets)
    changed = {"threshold": 0.9} if "threshold" in declared else {"top_k": 1}
    assert declared.keys() == changed.keys()
    assert build(key)(scores, targets) != build(key, **changed)(scores, targets)


def test_hits_among_equal_probabilities_go_by_the_order_of_the_classes() -> None:
    scores, targets = torch.full((4, 4), 0.25), torch.arange(4)
    assert [build(("category", "hits_at_k"), top_k=k)(scores, targets) for k in (1, 2, 4, 9)] == [0.25, 0.5, 1.0, 1.0]


def test_large_and_tiny_values_do_not_overflow() -> None:
    scores, targets = torch.tensor([1e30, -1e30]), torch.tensor([-1e30, 1e30])
    assert build(("number", "mean_squared_error"))(scores, targets) == pytest.approx(4e60, rel=1e-6)
    sure = build(("binary", "log_loss"))(torch.tensor([0.0, 1.0]), torch.tensor([1.0, 0.0]))
    assert 30 < sure < 40


def test_kendall_of_many_rows_is_quick_and_exact() -> None:
    generator = np.random.default_rng(0)
    true = generator.integers(0, 300, 50_000)
    said = true + generator.integers(0, 300, 50_000)
    expected = float(stats.kendalltau(said, true).statistic)
    assert build(("number", "kendall"))(torch.from_numpy(said), torch.from_numpy(true)) == pytest.approx(expected)


@pytest.mark.parametrize("name", ["cohen_kappa_linear", "cohen_kappa_quadratic"])
def test_kappa_by_distance_goes_by_the_order_of_the_classes(name: str) -> None:
    scores, targets = random_data(("category", name), 2, ties=False)
    ranks = [3, 0, 4, 1, 2]
    place = np.argsort(ranks)
    expected = sk.cohen_kappa_score(place[targets], place[labels(scores.numpy())], weights=name.rpartition("_")[2])
    assert build(("category", name), ranks=ranks)(scores, targets) == pytest.approx(expected, rel=1e-6)
