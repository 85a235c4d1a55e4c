"""The encoders that bend numbers: their values by independent formulas, and bins that chunks of rows agree on."""

from __future__ import annotations

import itertools
import json
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from torch import nn

from declml.components.encoders.periodic_linear import PERIODIC_LINEAR
from declml.components.encoders.piecewise_linear import PIECEWISE_LINEAR
from declml.components.features.number import InputNumber, InputNumberPreprocessing
from declml.contracts import Member
from declml.data.fit import Fitting, fit_series
from declml_schema.declare import Component

NUMBERS = InputNumber()


def asked(**given: Any) -> dict[str, Any]:
    preprocessing = {name: given.pop(name) for name in ("bins", "missing_marks") if name in given}
    return {**InputNumberPreprocessing(**given).model_dump(), **preprocessing}


def facts_of(column: pl.Series, preprocessing: dict[str, Any], **options: Any) -> dict[str, Any]:
    return dict(fit_series(column, Fitting("number", NUMBERS, preprocessing), **options))


def build(component: Component, members: list[Member], **given: Any) -> Any:
    assert component.build is not None
    torch.manual_seed(1)
    return component.build(members, **component.parameters(**given).model_dump())


def shaken(encoder: nn.Module) -> nn.Module:
    """Return the encoder with other weights than those it starts with, none of them zero."""
    for weight in encoder.parameters():
        weight.data += torch.randn(weight.shape)
    return encoder


def piecewise(value: float, edges: list[float]) -> list[float]:
    """Return the encoding of one value as the paper writes it, bin by bin, but with nothing beyond the outer edges."""
    answer: list[float] = []
    for low, high in itertools.pairwise(edges):
        answer.append(min(max((value - low) / (high - low), 0.0), 1.0))
    return answer


SKEWED = pl.Series("x", np.random.default_rng(3).exponential(size=700).round(2))
TIED = pl.Series("y", np.random.default_rng(4).integers(0, 4, 700).astype(float))


def test_a_value_that_most_rows_share_leaves_the_other_bins_to_the_others() -> None:
    gains = np.concatenate([np.zeros(9_000), np.random.default_rng(2).exponential(100.0, 1_000)])
    facts = facts_of(pl.Series("gain", gains), asked(bins=20, normalization=None))
    inside = np.histogram(gains[gains > 0], facts["edges"])[0][1:]  # the first is that of the zeros
    assert len(facts["edges"]) >= 20
    assert inside.min() > 0
    assert inside.max() < 1_000 / 10


@pytest.mark.parametrize("normalization", ["zscore", "quantile", "log1p", None])
def test_edges_are_quantiles_of_the_training_rows_on_the_scale_of_the_encoder(normalization: str | None) -> None:
    preprocessing = asked(normalization=normalization, bins=10)
    facts = facts_of(SKEWED, preprocessing)
    bounds = pl.Series("x", np.quantile(SKEWED.to_numpy(), np.linspace(0, 1, 11)))
    expected = NUMBERS.encode(bounds, facts, preprocessing).values
    assert facts["edges"] == pytest.approx(expected.tolist(), abs=1e-6)
    assert facts_of(TIED, asked(bins=10, normalization=None))["edges"] == [0, 1, 2, 3]


@pytest.mark.parametrize("chunk_rows", [1, 7, 100, 699])
def test_edges_of_merged_chunks_are_those_of_the_whole(chunk_rows: int) -> None:
    column = pl.concat([SKEWED[:650], pl.Series("x", [None] * 50, dtype=pl.Float64)])
    for normalization in ("minmax", "quantile", "robust"):
        preprocessing = asked(normalization=normalization, bins=48)
        whole = facts_of(column, preprocessing)
        parts = facts_of(column, preprocessing, chunk_rows=chunk_rows)
        for name in ("edges", "landmarks", "scores", "shift", "scale", "missing"):
            assert parts.get(name) == whole.get(name), name


def test_who_asks_for_nothing_gets_the_facts_of_before() -> None:
    preprocessing = asked(normalization="zscore")
    plain = facts_of(SKEWED, preprocessing)
    assert not {"edges", "landmarks", "quartiles"} & plain.keys()
    assert {
        key: value for key, value in facts_of(SKEWED, {**preprocessing, "bins": 4}).items() if key in plain
    } == plain
    assert NUMBERS.encode(SKEWED, plain, preprocessing).values.shape == (700,)


def test_a_missing_value_keeps_its_mark_beside_what_stands_in_for_it() -> None:
    column = pl.Series("x", ["1", None, "none", "inf", "4"])
    preprocessing = asked(missing_marks=True, missing_value_strategy="fill_with_mean", normalization=None)
    encoded = NUMBERS.encode(column, facts_of(column, preprocessing), preprocessing)
    assert encoded.values.dtype == np.float32
    assert encoded.values.tolist() == [[1, 0], [2.5, 1], [2.5, 1], [2.5, 1], [4, 0]]


@pytest.mark.parametrize("version", ["A", "B"])
def test_piecewise_linear_is_the_formula_of_the_paper(version: str) -> None:
    edges = [[-2.0, -0.5, 0.25, 1.0, 4.0], [0.0, 3.0], []]  # fewer bins than asked, one, and none at all
    members = [Member(name, {"edges": each}) for name, each in zip("abc", edges, strict=True)]
    encoder: Any = shaken(build(PIECEWISE_LINEAR, members, num_bins=4, output_size=3, version=version))
    values = np.array([[-5.0, -1.0, 0.3], [-2.0, 0.0, 1.0], [0.1, 1.5, -1.0], [0.25, 3.0, 0.0], [9.0, 7.5, 2.0]])
    marks = np.array([[0, 1, 0], [1, 0, 0], [0, 0, 1], [0, 0, 0], [1, 1, 1]])
    answers = encoder(torch.tensor(np.stack([values, marks], axis=-1).reshape(5, 6), dtype=torch.float32))
    weights = {name: weight.detach().double().numpy() for name, weight in encoder.named_parameters()}
    for row in range(5):
        for feature in range(3):
            bins = piecewise(values[row, feature], edges[feature])
            bins += [0.0] * (4 - len(bins))
            expected = (
                weights["bins.weight"][feature] @ bins + marks[row, feature] * weights["missing.vectors"][feature]
            )
            if version == "A":
                expected += weights["bins.bias"][feature]
            else:
                outer = [edges[feature][0], edges[feature][-1]] if edges[feature] else [-np.inf, np.inf]
                inside = np.clip(values[row, [feature]], *outer)
                expected += weights["line.weight"][feature] @ inside + weights["line.bias"][feature]
            assert answers[row, 3 * feature : 3 * feature + 3].tolist() == pytest.approx(expected.tolist(), abs=1e-4)


def test_version_b_starts_as_a_straight_line_and_a_missing_value_as_its_stand_in() -> None:
    encoder = build(PIECEWISE_LINEAR, [Member("a", {"edges": [-1.0, 0.0, 1.0]})])
    at = [encoder(torch.tensor([[value, 0.0]])) for value in (-2.0, 0.0, 2.0)]
    torch.testing.assert_close(at[1] - at[0], at[2] - at[1])
    assert torch.equal(encoder(torch.tensor([[2.0, 1.0]])), at[2])


def test_periodic_linear_is_the_formula_of_the_paper() -> None:
    encoder: Any = build(PERIODIC_LINEAR, [Member("a", {}), Member("b", {})], num_frequencies=5, output_size=3)
    shaken(encoder)
    values = np.random.default_rng(1).normal(size=(6, 2))
    marks = np.array([[0, 1]] * 6)
    answers = encoder(torch.tensor(np.stack([values, marks], axis=-1).reshape(6, 4), dtype=torch.float32))
    weights = {name: weight.detach().double().numpy() for name, weight in encoder.named_parameters()}
    for feature in range(2):
        turns = 2 * np.pi * np.outer(values[:, feature], weights["frequencies"][feature])
        hidden = np.concatenate([np.cos(turns), np.sin(turns)], axis=1) @ weights["linear.weight"][feature].T
        hidden += weights["linear.bias"][feature] + marks[:, [feature]] * weights["missing.vectors"][feature]
        share = answers[:, 3 * feature : 3 * feature + 3].detach().numpy()
        np.testing.assert_allclose(share, np.maximum(hidden, 0), atol=1e-4)


def test_frequencies_start_around_nothing_with_the_spread_that_was_asked_for() -> None:
    for sigma in (0.1, 3.0):
        encoder = build(PERIODIC_LINEAR, [Member("a", {})], num_frequencies=4000, sigma=sigma)
        assert encoder.frequencies.std().item() == pytest.approx(sigma, rel=0.05)
        assert encoder.frequencies.abs().max() <= 3 * sigma


@pytest.mark.parametrize("component", [PIECEWISE_LINEAR, PERIODIC_LINEAR], ids=["piecewise_linear", "periodic_linear"])
def test_wild_values_and_columns_give_finite_answers(component: Component) -> None:
    columns = [[1.0] * 9, [0.0, 1e-45, 1e-40], [-3e38, 3e38, 1.0], [0.0] * 50 + [1e30], []]
    preprocessing = asked(bins=8, normalization=None)
    for values in columns:
        facts = json.loads(json.dumps(facts_of(pl.Series("x", values, dtype=pl.Float64), preprocessing)))
        encoder = build(component, [Member("x", facts)])
        wild = torch.tensor([[value, 0.0] for value in (*values[:5], 0.0, 1e30, -1e30)])
        assert encoder(wild).isfinite().all(), values


def test_bends_are_learned_where_a_straight_line_learns_nothing() -> None:
    """A V, whose best straight line is flat: 200 steps of plain gradient descent."""
    values = torch.linspace(-1, 1, 200)
    targets = values.abs() - 0.5
    facts = facts_of(pl.Series("x", values.tolist()), asked(bins=8, normalization=None))
    encoder = build(PIECEWISE_LINEAR, [Member("x", facts)], num_bins=8)
    torch.manual_seed(2)
    model = nn.Sequential(encoder, nn.Linear(12, 1))
    pairs = torch.stack([values, torch.zeros(200)], dim=1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(200):
        loss = (model(pairs)[:, 0] - targets).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert targets.var().item() > 0.08
    assert (model(pairs)[:, 0] - targets).square().mean().item() < 0.005
