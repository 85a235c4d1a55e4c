"""How long a training step takes: our loop, wired as a run wires it, against loops written by hand in plain torch.

By hand: ``python tests/benchmarks/training_loop.py --rows 1000000 --batch 128 1024 8192 --steps 200 --rounds 5``, and
tables of many columns: ``--rows 20000 --batch 128 --features 100 500``, a third of them categories. The
network, the first weights, the batches, the loss and the optimizer are the same, and so are the weights at the end.
What is measured is the time between two steps, news and order of rows included, import and set-up left out.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch
from side_by_side import Comparison, in_turns, tell_json
from synthetic import table, texts
from torch import Tensor, nn
from torch.nn import functional

from declml.contracts import Encoded, Facts, Model, Scores
from declml.data.batches import POOL_BATCHES, InMemoryBatches
from declml.data.fit import Fitting, fit_series
from declml.run.automatic import automatic
from declml.run.batches import batches_of
from declml.run.components import Components
from declml.run.network import Blueprint, blueprint, losses_of
from declml.run.settings import settings_of, steps_of
from declml.seeds import derive_seed
from declml.training.determinism import make_deterministic
from declml.training.loop import train
from declml.training.precision import Precision
from declml.training.settings import Hooks, Settings
from declml_schema.check import check
from declml_schema.plan import Plan

FEATURES = 19  # with the target, a table of 20 columns


@dataclass
class Problem:
    """Everything that both sides start from: a plan, and the encoded columns of its table."""

    plan: Plan
    facts: dict[str, Facts]
    encoded: dict[str, Encoded]
    rows: int
    components: Components

    @property
    def blueprint(self) -> Blueprint:
        return blueprint(self.plan, self.facts, self.components)

    @property
    def target(self) -> np.ndarray:
        return self.encoded["target"].values


def prepare(config: str, frame: pl.DataFrame) -> Problem:
    plan, problems = check(config)
    assert plan is not None, problems
    components = Components()
    facts: dict[str, Facts] = {}
    encoded: dict[str, Encoded] = {}
    for feature in (*plan.inputs, *plan.outputs):
        role = "output" if feature in plan.outputs else "input"
        operation = components.build(role, feature.type)()
        fitting = Fitting(feature.type, operation, feature.preprocessing)
        facts[feature.name] = fit_series(frame[feature.column], fitting)
        encoded[feature.name] = operation.encode(frame[feature.column], facts[feature.name], feature.preprocessing)
    return Problem(plan, facts, encoded, frame.height, components)


def kinds(features: int) -> tuple[int, int]:
    """Return how many of the features are numbers and how many categories."""
    return features - features // 3, features // 3


def tabular_config(features: int, steps: int, batch: int) -> str:
    numbers, categories = kinds(features)
    lines = ["input_features:"]
    lines += [
        f"  - {{name: number_{index}, type: number, encoder: {{type: passthrough}},"
        " preprocessing: {normalization: zscore}}"
        for index in range(numbers)
    ]
    lines += [
        f"  - {{name: category_{index}, type: category, encoder: {{type: dense, embedding_size: 16}}}}"
        for index in range(categories)
    ]
    lines += ["combiner: {type: concat, num_fc_layers: 2, output_size: 256}"]
    return "\n".join(lines) + "\n" + trainer_config(steps, batch)


def text_config(steps: int, batch: int) -> str:
    encoder = "{type: lstm, embedding_size: 64, state_size: 64}"
    return (
        f"input_features: [{{name: text, type: text, encoder: {encoder}}}]\ncombiner: {{type: concat}}\n"
        + trainer_config(steps, batch)
    )


def trainer_config(steps: int, batch: int) -> str:
    return (
        "output_features: [{name: target, type: binary, preprocessing: {fallback_true_label: 'yes'}}]\n"
        f"trainer: {{train_steps: {steps}, batch_size: {batch}, gradient_clipping: null, skip_all_evaluation: true,"
        " learning_rate: 0.001, learning_rate_scheduler: {decay: null, warmup_fraction: 0}, optimizer: {type: adam},"
        " early_stop: -1, device: cpu}\n"
    )


# --- our loop -----------------------------------------------------------------------------------------------------


@dataclass
class Ran:
    """The seconds between steps and the weights at the end."""

    seconds: list[float]
    weights: dict[str, Tensor]

    def ms(self, *, typical: bool) -> float:
        return 1000 * (statistics.median(self.seconds) if typical else statistics.fmean(self.seconds))


def ours(problem: Problem) -> Ran:
    """Train as `declml.run.execute` does, on batches in memory."""
    trainer = automatic(problem.plan, problem.components, problem.rows)
    network = problem.blueprint.build(trainer["seed"])
    model = Model(network, losses_of(problem.plan, problem.facts, problem.components))
    batches = our_batches(problem)
    settings: Settings = settings_of(
        problem.plan,
        problem.components,
        steps=steps_of(trainer, batches.steps(trainer["batch_size"])),
        batch_size=trainer["batch_size"],
        rows={"training": problem.rows, "validation": 0, "test": 0},
        precision=Precision(),
    )
    options = dict(trainer["optimizer"])
    build = problem.components.build("optimizer", options.pop("type"))
    optimizer = build([each for each in network.parameters() if each.requires_grad], **options)
    moments: list[float] = []

    def asked_to_stop() -> bool:
        moments.append(time.perf_counter())  # the loop asks after each step
        return False

    with tempfile.TemporaryDirectory() as folder:
        train(model, batches, optimizer, settings, Hooks(no_scores, no_news, asked_to_stop), folder=Path(folder))
    return Ran(np.diff(moments).tolist(), dict(network.state_dict()))


def our_batches(problem: Problem) -> InMemoryBatches:
    groups = problem.blueprint.groups
    ragged = any(problem.encoded[member.name].offsets is not None for group in groups for member in group.members)
    return batches_of(
        groups,
        problem.encoded,
        {"target": Encoded(problem.target)},
        np.arange(problem.rows),
        device="cpu",
        by_length=ragged,
    )


def no_scores(split: str) -> Scores:
    raise AssertionError(f"nothing is evaluated here; got {split}")


def no_news(kind: str, **fields: Any) -> None:
    del kind, fields


# --- by hand ------------------------------------------------------------------------------------------------------


class Tabular(nn.Module):
    """One table for all categories, two dense layers, one number out: as one would write it for speed."""

    def __init__(self, numbers: int, sizes: list[int], width: int) -> None:
        super().__init__()
        self.register_buffer("offsets", torch.tensor([0, *np.cumsum(sizes)[:-1]]))
        self.table = nn.Embedding(sum(sizes), width)
        self.first = nn.Linear(numbers + len(sizes) * width, 256)
        self.second = nn.Linear(256, 256)
        self.answer = nn.Linear(256, 1)

    def forward(self, numbers: Tensor, categories: Tensor) -> Tensor:
        vectors = self.table(categories + self.offsets).flatten(1)
        hidden = torch.relu(self.first(torch.cat([numbers, vectors], dim=1)))
        return self.answer(torch.relu(self.second(hidden))).squeeze(-1)


class Text(nn.Module):
    """Token vectors, an LSTM, the state at each text's last token, one number out."""

    def __init__(self, words: int, width: int, state: int) -> None:
        super().__init__()
        self.table = nn.Embedding(words, width)
        self.lstm = nn.LSTM(width, state, batch_first=True)
        self.answer = nn.Linear(state, 1)

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        states, _ = self.lstm(self.table(tokens))
        last = (lengths - 1).view(-1, 1, 1).expand(-1, 1, states.shape[-1])
        return self.answer(states.gather(1, last).squeeze(1)).squeeze(-1)


def by_hand(
    problem: Problem,
    module: nn.Module,
    weights: Mapping[str, str],
    steps: Callable[[int], Iterator[tuple[Any, Tensor]]],
) -> Ran:
    """Train with a bare loop. ``weights`` maps our names to the module's; ``steps(epoch)`` yields one epoch."""
    start = problem.blueprint.build(problem.plan.trainer["seed"]).state_dict()
    module.load_state_dict({name: start[our] for our, name in weights.items()}, strict=False)
    module.train()
    optimizer = torch.optim.Adam(module.parameters(), lr=problem.plan.trainer["learning_rate"], fused=True)
    wanted = problem.plan.trainer["train_steps"]
    moments: list[float] = []
    epoch = 0
    while len(moments) < wanted:
        for inputs, targets in steps(epoch):
            loss = functional.binary_cross_entropy_with_logits(module(*inputs), targets)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            moments.append(time.perf_counter())
            if len(moments) == wanted:
                break
        epoch += 1
    found = module.state_dict()
    return Ran(np.diff(moments).tolist(), {our: found[name] for our, name in weights.items()})


def epoch_generator(problem: Problem, epoch: int) -> torch.Generator:
    """Return the generator of an epoch's order, seeded as our loop does, so that both see the same batches."""
    return torch.Generator().manual_seed(derive_seed(problem.plan.trainer["seed"], "epoch", epoch))


def tabular_by_hand(problem: Problem) -> Ran:
    encoded, batch = problem.encoded, problem.plan.trainer["batch_size"]
    named = {kind: [each.name for each in problem.plan.inputs if each.type == kind] for kind in ("number", "category")}
    numbers = torch.from_numpy(np.stack([encoded[name].values for name in named["number"]], axis=1))
    columns = [encoded[name].values for name in named["category"]]
    categories = torch.from_numpy(np.stack(columns, axis=1)).long()
    targets = torch.from_numpy(np.array(problem.target))

    def steps(epoch: int) -> Iterator[tuple[Any, Tensor]]:
        order = torch.randperm(problem.rows, generator=epoch_generator(problem, epoch))
        for rows in order.split(batch):
            yield (numbers.index_select(0, rows), categories.index_select(0, rows)), targets.index_select(0, rows)

    sizes = [len(problem.facts[name]["vocabulary"]) for name in named["category"]]
    names = {
        "encoders.1.table": "table.weight",
        "combiner.stack.layers.0.0.weight": "first.weight",
        "combiner.stack.layers.0.0.bias": "first.bias",
        "combiner.stack.layers.1.0.weight": "second.weight",
        "combiner.stack.layers.1.0.bias": "second.bias",
        "decoders.0.answer.weight": "answer.weight",
        "decoders.0.answer.bias": "answer.bias",
    }
    return by_hand(problem, Tabular(numbers.shape[1], sizes, 16), names, steps)


def text_by_hand(problem: Problem) -> Ran:
    encoded, batch = problem.encoded["text"], problem.plan.trainer["batch_size"]
    assert encoded.offsets is not None
    lengths = torch.from_numpy(np.diff(encoded.offsets))
    padded = torch.zeros(problem.rows, int(lengths.max()), dtype=torch.int64)
    padded[torch.arange(padded.shape[1]) < lengths[:, None]] = torch.from_numpy(np.array(encoded.values)).long()
    targets = torch.from_numpy(np.array(problem.target))

    def steps(epoch: int) -> Iterator[tuple[Any, Tensor]]:
        generator = epoch_generator(problem, epoch)
        pools = torch.randperm(problem.rows, generator=generator).split(batch * POOL_BATCHES)
        chunks = torch.cat([pool[torch.argsort(lengths[pool], stable=True)] for pool in pools]).split(batch)
        for index in torch.randperm(len(chunks), generator=generator).tolist():
            rows = chunks[index]
            long = lengths.index_select(0, rows)
            yield (padded.index_select(0, rows)[:, : int(long.max())], long), targets.index_select(0, rows)

    names = {"encoders.0.tokens.table": "table.weight"}
    for name in ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"):
        names[f"encoders.0.layers.0.directions.0.{name}"] = f"lstm.{name}"
    names |= {"decoders.0.answer.weight": "answer.weight", "decoders.0.answer.bias": "answer.bias"}
    return by_hand(problem, Text(problem.facts["text"]["vocabulary_size"], 64, 64), names, steps)


# --- side by side -------------------------------------------------------------------------------------------------


def compare(title: str, problem: Problem, hand: Callable[[Problem], Ran], rounds: int) -> tuple[list[Comparison], bool]:
    theirs, mine = hand(problem), ours(problem)
    assert set(theirs.weights) == set(mine.weights), set(mine.weights) ^ set(theirs.weights)
    same = all(torch.equal(theirs.weights[name], mine.weights[name]) for name in theirs.weights)
    distance = max(float((theirs.weights[name] - mine.weights[name]).abs().max()) for name in theirs.weights)
    kept: dict[str, list[Ran]] = {"by hand": [], "declml": []}

    def measure(name: str, act: Callable[[Problem], Ran]) -> Callable[[], float]:
        def once() -> float:
            kept[name].append(act(problem))
            return kept[name][-1].ms(typical=True)

        return once

    typical = in_turns(
        f"{title}: median step",
        "ms",
        {"by hand": measure("by hand", hand), "declml": measure("declml", ours)},
        rounds=rounds,
    )
    # The same runs again, by their mean: it holds the order of an epoch's rows and the news.
    taken = {name: [each.ms(typical=False) for each in ran[1:]] for name, ran in kept.items()}
    whole = Comparison(f"{title}: mean step, order of rows and news included", "ms", taken)
    whole.tell()
    print(f"  weights after the last step: {'identical' if same else f'differ by at most {distance:.2e}'}")
    return [typical, whole], same


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--batch", type=int, nargs="*", default=[128, 1024, 8192])
    parser.add_argument("--features", type=int, nargs="*", default=[FEATURES])
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--text-rows", type=int, default=20_000, help="0 leaves the text case out")
    parser.add_argument("--text-steps", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    make_deterministic(torch.device("cpu"))
    comparisons: list[Comparison] = []
    identical: dict[str, bool] = {}
    for features in options.features:
        numbers, categories = kinds(features)
        frame = table(options.rows, numbers=numbers, categories=categories)
        for batch in options.batch:
            title = f"table of {options.rows:,} rows, {features} features, batch {batch}"
            problem = prepare(tabular_config(features, options.steps, batch), frame)
            found, identical[title] = compare(title, problem, tabular_by_hand, options.rounds)
            comparisons += found
    if options.text_rows:
        title = f"texts, {options.text_rows:,} rows, lstm, batch 128"
        problem = prepare(text_config(options.text_steps, 128), texts(options.text_rows))
        found, identical[title] = compare(title, problem, text_by_hand, options.rounds)
        comparisons += found
    tell_json(comparisons, "torch", threads=torch.get_num_threads(), identical_weights=identical)


if __name__ == "__main__":
    main()
