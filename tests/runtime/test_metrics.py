"""Metrics: scikit-learn and torchmetrics as references, with ties, one class only and no rows."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import sklearn.metrics as sk
import torch
from scipy import stats
from scipy.spatial.distance import cosine
from torch import Tensor

import declml.components.metrics as folder
from declml_schema.declare import Component, component_key

Reference = Callable[[np.ndarray, np.ndarray], float]


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


def labels(scores: np.ndarray) -> np.ndarray:
    return scores.argmax(axis=1) if scores.ndim == 2 else (scores >= 0.5).astype(int)


def classes_of(scores: np.ndarray) -> list[int]:
    return list(range(scores.shape[1]))


def calibration(scores: np.ndarray, targets: np.ndarray) -> float:
    """Return the expected calibration error of 15 equal bins, written out."""
    sure = scores.max(axis=1) if scores.ndim == 2 else scores
    right = (labels(scores) == targets) if scores.ndim == 2 else targets > 0.5
    places = np.clip(np.floor(sure * 15).astype(int), 0, 14)
    return float(
        sum(
            abs(right[places == place].mean() - sure[places == place].mean()) * (places == place).mean()
            for place in set(places.tolist())
        )
    )


def macro_auc(scores: np.ndarray, targets: np.ndarray) -> float:
    areas = [
        sk.roc_auc_score(targets == index, scores[:, index])
        for index in classes_of(scores)
        if 0 < (targets == index).sum() < len(targets)
    ]
    return float(np.mean(areas))


def huber(scores: np.ndarray, targets: np.ndarray) -> float:
    size = np.abs(scores - targets)
    return float(np.where(size < 1, size**2 / 2, size - 0.5).mean())


def steps(scores: np.ndarray, targets: np.ndarray) -> float:
    """Return the loss corn, written out: a row is asked of each rank that it reaches whether it is above."""
    surprises: list[float] = []
    for said, target in zip(scores, targets, strict=True):
        for rank in range(len(said) - 1):
            if target >= rank:
                above = said[rank + 1 :].sum() / said[rank:].sum()
                surprises.append(-math.log(above if target > rank else 1 - above))
    return float(np.mean(surprises))


def shared_steps(scores: np.ndarray, targets: np.ndarray) -> float:
    """Return the same where a row is of each class in parts."""
    total, weight = 0.0, 0.0
    for said, shares in zip(scores, targets, strict=True):
        for place, share in enumerate(shares):
            asked = min(place + 1, len(said) - 1)
            total += share * asked * steps(said[None], np.array([place]))
            weight += share * asked
    return total / weight


NUMBER: dict[str, Reference] = {
    "huber": huber,
    "mean_squared_error": lambda s, t: sk.mean_squared_error(t, s),
    "root_mean_squared_error": lambda s, t: sk.root_mean_squared_error(t, s),
    "mean_absolute_error": lambda s, t: sk.mean_absolute_error(t, s),
    "median_absolute_error": lambda s, t: sk.median_absolute_error(t, s),
    "mean_absolute_percentage_error": lambda s, t: sk.mean_absolute_percentage_error(t, s),
    "r2": lambda s, t: sk.r2_score(t, s),
    "explained_variance": lambda s, t: sk.explained_variance_score(t, s),
    "pearson": lambda s, t: float(stats.pearsonr(s, t).statistic),
    "spearman": lambda s, t: float(stats.spearmanr(s, t).statistic),
    "root_mean_squared_percentage_error": lambda s, t: math.sqrt((((s - t) / t) ** 2).mean()),
    "concordance": lambda s, t: 2 * np.cov(s, t)[0, 1] / (s.var(ddof=1) + t.var(ddof=1) + (s.mean() - t.mean()) ** 2),
    "log_cosh": lambda s, t: np.log(np.cosh(s - t)).mean(),
    "mean_squared_log_error": lambda s, t: sk.mean_squared_log_error(t, s),
    "normalized_root_mean_squared_error": lambda s, t: math.sqrt(((s - t) ** 2).mean()) / t.std(),
    "relative_squared_error": lambda s, t: ((s - t) ** 2).sum() / ((t - t.mean()) ** 2).sum(),
    "symmetric_mean_absolute_percentage_error": lambda s, t: (2 * abs(s - t) / (abs(s) + abs(t))).mean(),
    "weighted_mean_absolute_percentage_error": lambda s, t: abs(s - t).sum() / abs(t).sum(),
}
BINARY: dict[str, Reference] = {
    "binary_weighted_cross_entropy": lambda s, t: sk.log_loss(t, s, labels=[0, 1]),
    "accuracy": lambda s, t: sk.accuracy_score(t, labels(s)),
    "roc_auc": lambda s, t: sk.roc_auc_score(t, s),
    "average_precision": lambda s, t: sk.average_precision_score(t, s),
    "precision": lambda s, t: sk.precision_score(t, labels(s), zero_division=np.nan),
    "recall": lambda s, t: sk.recall_score(t, labels(s), zero_division=np.nan),
    "specificity": lambda s, t: sk.recall_score(t, labels(s), pos_label=0, zero_division=np.nan),
    "f1": lambda s, t: sk.f1_score(t, labels(s), zero_division=np.nan),
    "log_loss": lambda s, t: sk.log_loss(t, s, labels=[0, 1]),
    "matthews_corrcoef": lambda s, t: sk.matthews_corrcoef(t, labels(s)),
    "cohen_kappa": lambda s, t: sk.cohen_kappa_score(t, labels(s)),
    "calibration_error": calibration,
    "balanced_accuracy": lambda s, t: sk.balanced_accuracy_score(t, labels(s)),
    "brier_score": lambda s, t: sk.brier_score_loss(t, s),
    "f2": lambda s, t: sk.fbeta_score(t, labels(s), beta=2),
    "f05": lambda s, t: sk.fbeta_score(t, labels(s), beta=0.5),
    "jaccard": lambda s, t: sk.jaccard_score(t, labels(s)),
    "negative_predictive_value": lambda s, t: sk.precision_score(t, labels(s), pos_label=0),
}
CATEGORY: dict[str, Reference] = {
    "softmax_cross_entropy": lambda s, t: sk.log_loss(t, s, labels=classes_of(s)),
    "corn": steps,
    "accuracy": lambda s, t: sk.accuracy_score(t, labels(s)),
    "balanced_accuracy": lambda s, t: sk.balanced_accuracy_score(t, labels(s)),
    "f1_macro": lambda s, t: sk.f1_score(t, labels(s), average="macro"),
    "roc_auc": macro_auc,
    "hits_at_k": lambda s, t: sk.top_k_accuracy_score(t, s, k=3, labels=classes_of(s)),
    "log_loss": lambda s, t: sk.log_loss(t, s, labels=classes_of(s)),
    "matthews_corrcoef": lambda s, t: sk.matthews_corrcoef(t, labels(s)),
    "cohen_kappa": lambda s, t: sk.cohen_kappa_score(t, labels(s)),
    "calibration_error": calibration,
    "accuracy_micro": lambda s, t: sk.accuracy_score(t, labels(s)),
    "average_precision": lambda s, t: sk.average_precision_score(np.eye(5)[t], s, average="macro"),
    "brier_score": lambda s, t: ((s - np.eye(5)[t]) ** 2).sum(axis=1).mean(),
    "f1_weighted": lambda s, t: sk.f1_score(t, labels(s), average="weighted"),
    "jaccard": lambda s, t: sk.jaccard_score(t, labels(s), average="macro"),
    "precision_macro": lambda s, t: sk.precision_score(t, labels(s), average="macro"),
    "recall_macro": lambda s, t: sk.recall_score(t, labels(s), average="macro"),
    "specificity_macro": lambda s, t: float(
        np.mean([sk.recall_score(t == k, labels(s) == k, pos_label=0) for k in classes_of(s)])
    ),
}
SET: dict[str, Reference] = {
    "exact_match": lambda s, t: sk.accuracy_score(t, s >= 0.5),
    "hamming_distance": lambda s, t: sk.hamming_loss(t, s >= 0.5),
    "jaccard": lambda s, t: sk.jaccard_score(t, s >= 0.5, average="samples", zero_division=1.0),
    "precision": lambda s, t: sk.precision_score(t, s >= 0.5, average="micro"),
    "recall": lambda s, t: sk.recall_score(t, s >= 0.5, average="micro"),
    "f1": lambda s, t: sk.f1_score(t, s >= 0.5, average="micro"),
    "f1_macro": lambda s, t: sk.f1_score(t, s >= 0.5, average="macro"),
    "roc_auc": lambda s, t: sk.roc_auc_score(t, s, average="macro"),
    "ranking_average_precision": lambda s, t: sk.label_ranking_average_precision_score(t, s),
    "coverage_error": lambda s, t: sk.coverage_error(t, s),
}
VECTOR: dict[str, Reference] = {
    "huber": huber,
    "mean_squared_error": lambda s, t: sk.mean_squared_error(t, s),
    "root_mean_squared_error": lambda s, t: math.sqrt(sk.mean_squared_error(t, s)),
    "mean_absolute_error": lambda s, t: sk.mean_absolute_error(t, s),
    "mean_absolute_percentage_error": lambda s, t: sk.mean_absolute_percentage_error(t, s),
    "r2": lambda s, t: sk.r2_score(t, s),
    "cosine_similarity": lambda s, t: float(np.mean([1 - cosine(a, b) for a, b in zip(s, t, strict=True)])),
}
DISTRIBUTION: dict[str, Reference] = {
    "accuracy_micro": lambda s, t: sk.accuracy_score(labels(t), labels(s)),
    "roc_auc": lambda s, t: macro_auc(s, labels(t)),
    "softmax_cross_entropy": lambda s, t: -(t * np.log(s)).sum(axis=1).mean(),
    "corn": shared_steps,
    "accuracy": lambda s, t: sk.accuracy_score(labels(t), labels(s)),
    "hits_at_k": lambda s, t: sk.top_k_accuracy_score(labels(t), s, k=3, labels=classes_of(s)),
    "kl_divergence": lambda s, t: float(np.mean([stats.entropy(b, a) for a, b in zip(s, t, strict=True)])),
    "total_variation": lambda s, t: np.abs(s - t).sum(axis=1).mean() / 2,
}
REFERENCES = {
    (feature, name): each
    for feature, known in {
        "number": NUMBER,
        "binary": BINARY,
        "category": CATEGORY,
        "set": SET,
        "vector": VECTOR,
        "category_distribution": DISTRIBUTION,
    }.items()
    for name, each in known.items()
}
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


WIDE = {"set", "vector", "category_distribution"}
"""Output types whose targets are as wide as the answers."""


def random_data(key: tuple[str, str], seed: int, *, ties: bool) -> tuple[Tensor, Tensor]:
    """Return scores and targets of 200 rows; with ``ties``, numbers and binary probabilities take eight values only."""
    generator = np.random.default_rng(seed)
    rows, feature = 200, key[0]
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
    if key[1] == "mean_squared_log_error":
        scores, targets = abs(scores), abs(targets)
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
        assert build(key)(scores, targets) == pytest.approx(expected, rel=1e-6, abs=1e-9)


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
    (("number", "relative_squared_error"), [1.0, 2.0], [3.0, 3.0]),
    (("number", "normalized_root_mean_squared_error"), [1.0, 2.0], [3.0, 3.0]),
    (("number", "weighted_mean_absolute_percentage_error"), [1.0, 2.0], [0.0, 0.0]),
    (("binary", "roc_auc"), [0.1, 0.9], [1.0, 1.0]),
    (("binary", "roc_auc"), [0.1, math.nan], [0.0, 1.0]),
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
