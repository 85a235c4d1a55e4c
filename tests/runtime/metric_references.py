"""What each metric should say, by scikit-learn, scipy or written out: references for the tests of metrics."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import sklearn.metrics as sk
from scipy import stats
from scipy.spatial.distance import cosine, jensenshannon

Reference = Callable[[np.ndarray, np.ndarray], float]


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


def each_class(reference: Reference) -> Reference:
    """Return the mean of what ``reference`` says of each class or item that some rows have and others have not."""

    def mean(scores: np.ndarray, targets: np.ndarray) -> float:
        there = np.eye(scores.shape[1])[targets] if targets.ndim == 1 else targets
        places = [place for place in classes_of(scores) if 0 < there[:, place].sum() < len(there)]
        return float(np.mean([reference(scores[:, place], there[:, place]) for place in places]))

    return mean


def equal_errors(scores: np.ndarray, targets: np.ndarray) -> float:
    false, true, _ = sk.roc_curve(targets, scores, drop_intermediate=False)
    place = np.argmin(abs(1 - true - false))
    return float((false[place] + 1 - true[place]) / 2)


def early_area(scores: np.ndarray, targets: np.ndarray) -> float:
    """Return the area under the ROC curve over the logarithm of 0.1 to 10 % false alarms, written out."""
    false, true, _ = sk.roc_curve(targets, scores, drop_intermediate=False)
    ends = np.array([0.001, 0.1])
    inside = (false > ends[0]) & (false < ends[1])
    width = np.concatenate([ends[:1], false[inside], ends[1:]])
    height = np.concatenate([[np.interp(ends[0], false, true)], true[inside], [np.interp(ends[1], false, true)]])
    return float(np.trapezoid(height, np.log10(width)) / 2)


def best_recall(scores: np.ndarray, targets: np.ndarray) -> float:
    precision, recall, _ = sk.precision_recall_curve(targets, scores)
    return float(recall[precision >= 0.9].max(initial=0))


def best_precision(scores: np.ndarray, targets: np.ndarray) -> float:
    precision, recall, _ = sk.precision_recall_curve(targets, scores)
    return float(precision[recall >= 0.9].max(initial=0))


def best_sensitivity(scores: np.ndarray, targets: np.ndarray) -> float:
    false, true, _ = sk.roc_curve(targets, scores, drop_intermediate=False)
    return float(true[1 - false >= 0.9].max(initial=0))


def best_specificity(scores: np.ndarray, targets: np.ndarray) -> float:
    false, true, _ = sk.roc_curve(targets, scores, drop_intermediate=False)
    return float((1 - false)[true >= 0.9].max(initial=0))


CURVES: dict[str, Reference] = {
    "eer": equal_errors,
    "log_auc": early_area,
    "recall_at_fixed_precision": best_recall,
    "precision_at_fixed_recall": best_precision,
    "sensitivity_at_specificity": best_sensitivity,
    "specificity_at_sensitivity": best_specificity,
}
CURVES_OF_CLASSES = {name: each_class(each) for name, each in CURVES.items()}


def contingency(method: str) -> Reference:
    """Return an association of answers and truth that scipy knows."""

    def reference(scores: np.ndarray, targets: np.ndarray) -> float:
        return float(stats.contingency.association(sk.confusion_matrix(targets, labels(scores)), method=method))

    return reference


def less_chance(scores: np.ndarray, targets: np.ndarray, *, root: Callable[[float, float], float]) -> float:
    """Return Cramér's V or Chuprov's T with the correction of Bergsma (2013), written out."""
    table = sk.confusion_matrix(targets, labels(scores)).astype(float)
    rows = table.sum()
    expected = np.outer(table.sum(1), table.sum(0)) / rows
    phi = max(0.0, ((table - expected) ** 2 / expected).sum() / rows - 16 / (rows - 1))
    size = 5 - 16 / (rows - 1)
    return math.sqrt(phi / root(size - 1, size - 1))


def told_by_truth(scores: np.ndarray, targets: np.ndarray) -> float:
    answered = labels(scores)
    return float(sk.mutual_info_score(answered, targets) / stats.entropy(np.bincount(answered)))


NUMBER: dict[str, Reference] = {
    "kendall": lambda s, t: float(stats.kendalltau(s, t).statistic),
    "minkowski_distance": lambda s, t: float((abs(s - t) ** 3).sum() ** (1 / 3)),
    "poisson_deviance": lambda s, t: sk.mean_poisson_deviance(t, s),
    "gamma_deviance": lambda s, t: sk.mean_gamma_deviance(t, s),
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
    **CURVES,
    "hinge_loss": lambda s, t: float(np.maximum(0, 1 - np.where(t > 0.5, s, -s)).mean()),
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
    **CURVES_OF_CLASSES,
    "hinge_loss": lambda s, t: sk.hinge_loss(t, s, labels=classes_of(s)),
    "precision_weighted": lambda s, t: sk.precision_score(t, labels(s), average="weighted"),
    "specificity_weighted": lambda s, t: float(
        sum(sk.recall_score(t == k, labels(s) == k, pos_label=0) * (t == k).mean() for k in classes_of(s))
    ),
    "jaccard_weighted": lambda s, t: sk.jaccard_score(t, labels(s), average="weighted"),
    "roc_auc_weighted": lambda s, t: float(
        sum(sk.roc_auc_score(t == k, s[:, k]) * (t == k).mean() for k in classes_of(s))
    ),
    "average_precision_weighted": lambda s, t: float(
        sum(sk.average_precision_score(t == k, s[:, k]) * (t == k).mean() for k in classes_of(s))
    ),
    "negative_predictive_value": lambda s, t: float(
        np.mean([sk.precision_score(t == k, labels(s) == k, pos_label=0) for k in classes_of(s)])
    ),
    "f2_macro": lambda s, t: sk.fbeta_score(t, labels(s), beta=2, average="macro"),
    "f05_macro": lambda s, t: sk.fbeta_score(t, labels(s), beta=0.5, average="macro"),
    "cohen_kappa_linear": lambda s, t: sk.cohen_kappa_score(t, labels(s), weights="linear"),
    "cohen_kappa_quadratic": lambda s, t: sk.cohen_kappa_score(t, labels(s), weights="quadratic"),
    "rand_score": lambda s, t: sk.rand_score(t, labels(s)),
    "adjusted_rand_score": lambda s, t: sk.adjusted_rand_score(t, labels(s)),
    "mutual_info_score": lambda s, t: sk.mutual_info_score(t, labels(s)),
    "normalized_mutual_info_score": lambda s, t: sk.normalized_mutual_info_score(t, labels(s)),
    "adjusted_mutual_info_score": lambda s, t: sk.adjusted_mutual_info_score(t, labels(s)),
    "homogeneity_score": lambda s, t: sk.homogeneity_score(t, labels(s)),
    "completeness_score": lambda s, t: sk.completeness_score(t, labels(s)),
    "v_measure_score": lambda s, t: sk.v_measure_score(t, labels(s)),
    "fowlkes_mallows_index": lambda s, t: sk.fowlkes_mallows_score(t, labels(s)),
    "cramers_v": lambda s, t: less_chance(s, t, root=min),
    "tschuprows_t": lambda s, t: less_chance(s, t, root=lambda a, b: math.sqrt(a * b)),
    "pearsons_contingency_coefficient": contingency("pearson"),
    "theils_u": told_by_truth,
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
    **CURVES_OF_CLASSES,
    "average_precision": lambda s, t: sk.average_precision_score(t, s, average="macro"),
    "ranking_loss": lambda s, t: sk.label_ranking_loss(t, s),
    "precision_macro": lambda s, t: sk.precision_score(t, s >= 0.5, average="macro"),
    "recall_macro": lambda s, t: sk.recall_score(t, s >= 0.5, average="macro"),
    "specificity": lambda s, t: sk.recall_score(t.ravel(), s.ravel() >= 0.5, pos_label=0),
    "negative_predictive_value": lambda s, t: sk.precision_score(t.ravel(), s.ravel() >= 0.5, pos_label=0),
    "f1_weighted": lambda s, t: sk.f1_score(t, s >= 0.5, average="weighted"),
    "f2": lambda s, t: sk.fbeta_score(t, s >= 0.5, beta=2, average="micro"),
    "f05": lambda s, t: sk.fbeta_score(t, s >= 0.5, beta=0.5, average="micro"),
    "matthews_corrcoef": lambda s, t: sk.matthews_corrcoef(t.ravel(), s.ravel() >= 0.5),
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
OF_PLACES = (
    "explained_variance", "pearson", "spearman", "concordance", "log_cosh", "symmetric_mean_absolute_percentage_error",
    "weighted_mean_absolute_percentage_error", "normalized_root_mean_squared_error", "relative_squared_error",
)  # fmt: skip
"""Metrics of numbers whose mean over the places is that of vectors."""


def over_places(reference: Reference) -> Reference:
    return lambda s, t: float(np.mean([reference(s[:, k], t[:, k]) for k in range(s.shape[1])]))


VECTOR: dict[str, Reference] = {
    **{name: over_places(NUMBER[name]) for name in OF_PLACES},
    "huber": huber,
    "mean_squared_error": lambda s, t: sk.mean_squared_error(t, s),
    "root_mean_squared_error": lambda s, t: math.sqrt(sk.mean_squared_error(t, s)),
    "mean_absolute_error": lambda s, t: sk.mean_absolute_error(t, s),
    "mean_absolute_percentage_error": lambda s, t: sk.mean_absolute_percentage_error(t, s),
    "r2": lambda s, t: sk.r2_score(t, s),
    "cosine_similarity": lambda s, t: float(np.mean([1 - cosine(a, b) for a, b in zip(s, t, strict=True)])),
}
DISTRIBUTION: dict[str, Reference] = {
    "jensen_shannon_divergence": lambda s, t: float(np.mean(jensenshannon(s, t, axis=1) ** 2)),
    "cosine_similarity": VECTOR["cosine_similarity"],
    "mean_absolute_error": VECTOR["mean_absolute_error"],
    "mean_squared_error": VECTOR["mean_squared_error"],
    "root_mean_squared_error": VECTOR["root_mean_squared_error"],
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
