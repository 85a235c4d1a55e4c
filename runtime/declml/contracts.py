"""What the rooms of the runtime share: value types and Protocols, with shapes and units.

`components`, `data`, `model`, `training`, `evaluation` and `serving` never import each other; they meet here. Nothing
here imports torch at run time, so torch-free rooms may read it too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, TypeAlias, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from torch import Tensor, nn

Facts: TypeAlias = Mapping[str, Any]
"""What was learned from the training rows of one column: JSON data, saved with the model."""
Summary: TypeAlias = Mapping[str, Any]
"""A mergeable part of a fit: JSON data; merging the summaries of chunks equals the summary of the whole."""
Values: TypeAlias = Mapping[str, Any]
"""Parameters in force, every default filled in."""


# --- data: a column becomes arrays -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a column that its user should know; `run` gives it a place in the config.

    ``code`` is the problem's code, ``message`` the whole sentence without the place, ``fatal`` whether training must
    not start.
    """

    code: str
    message: str
    fatal: bool = False


@dataclass(frozen=True, slots=True)
class Encoded:
    """One column as arrays, in the order of its rows.

    Without ``offsets``, ``values`` is ``(row,)`` or ``(row, width)``: float32 for numbers and binaries, int32 for ids.
    With ``offsets`` ``(row + 1,)`` int64, ``values`` is ``(token,)`` int32 and row ``i`` owns
    ``values[offsets[i]:offsets[i+1]]``. ``keep`` ``(row,)`` bool is false where the row must be dropped; None keeps
    all. ``counts`` tells what was replaced.
    """

    values: np.ndarray
    offsets: np.ndarray | None = None
    keep: np.ndarray | None = None
    counts: Mapping[str, int] = field(default_factory=dict[str, int])

    def rows(self, start: int, stop: int) -> Encoded:
        """Return the rows from ``start`` until ``stop``, without counts; nothing is copied but where tokens begin."""
        keep = None if self.keep is None else self.keep[start:stop]
        if self.offsets is None:
            return Encoded(self.values[start:stop], keep=keep)
        offsets = self.offsets[start : stop + 1]
        return Encoded(self.values[offsets[0] : offsets[-1]], offsets - offsets[0], keep)


class InputOperation(Protocol):
    """How the columns of one input feature type become tensors. Stateless; lives in ``components/features``.

    ``preprocessing`` also holds what the feature's encoder asks for: the encoder's fact ``asks``. Numbers know two such
    names: ``bins`` puts ``edges`` among the facts, ``missing_marks`` a second column into the arrays; texts know
    ``compute_idf``, which puts ``documents`` among the facts, and ``fold``, which reads capitals as small letters and
    digits as 0.

    ``version`` rises whenever the same column and parameters would give other arrays: it is part of every cache key.
    """

    version: int

    def inspect(self, column: pl.Series, name: str, preprocessing: Values) -> list[Finding]:
        """Return what is wrong or odd with the whole column, its name in sentences being ``name``."""
        ...

    def summarize(self, column: pl.Series, preprocessing: Values) -> Summary:
        """Return the mergeable summary of a chunk of training rows."""
        ...

    def merge(self, left: Summary, right: Summary) -> Summary:
        """Return the summary of both chunks together, ``left`` first."""
        ...

    def fit(self, summary: Summary, preprocessing: Values) -> Facts:
        """Return the fitted facts from the summary of all training rows."""
        ...

    def encode(self, column: pl.Series, facts: Facts, preprocessing: Values) -> Encoded:
        """Return the arrays of a column: the one path from raw rows to numbers, in training and in serving."""
        ...


class OutputOperation(InputOperation, Protocol):
    """How a target column becomes numbers and a model's answers become values of that column again."""

    def decode(
        self, answers: np.ndarray, facts: Facts, preprocessing: Values, parameters: Values
    ) -> dict[str, pl.Series]:
        """Return the columns of a prediction, by suffix: ``predictions`` and, for classes, ``probability`` and one
        ``probability_<class>`` each.

        ``answers`` is the decoder's output on the raw scale of the loss: ``(row,)`` numbers or logits, ``(row,
        class)`` logits; for sequences `declml.token_rows.Said`.
        """
        ...

    def targets(self, encoded: np.ndarray, facts: Facts, preprocessing: Values) -> np.ndarray:
        """Return encoded targets on the scale in which metrics are told: numbers in their own unit, class ids as they
        are. Those of sequences are `declml.token_rows.TokenRows`, and lose the symbol of their end.
        """
        ...

    def scores(self, answers: np.ndarray, facts: Facts, preprocessing: Values, parameters: Values) -> np.ndarray:
        """Return the decoder's answers as metrics want them: ``(row,)`` numbers in their own unit, ``(row,)``
        probabilities of the true class of a binary, ``(row, class)`` probabilities of a category or of the items of a
        set, `declml.token_rows.SpokenScores` of sequences. ``parameters`` are the output's own, those of the config."""
        ...


class Split(Protocol):
    """Assigns each row of a table to a side. Lives in ``components/splits``; same table, parameters and seed, same
    answer.
    """

    def __call__(self, table: pl.DataFrame, *, seed: int, **parameters: Any) -> np.ndarray:
        """Return ``(row,)`` uint8: 0 training, 1 validation, 2 test."""
        ...


# --- model: groups of features become predictions ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Member:
    """One feature of a group: its name in the config and its fitted facts."""

    name: str
    facts: Facts


class TokenStates(NamedTuple):
    """A vector for each token of a row: ``values`` ``(batch, token, width)``, zeros where ``mask`` ``(batch, token)``
    is false, which is where the row has no token."""

    values: Tensor
    mask: Tensor


class TokenAnswers(NamedTuple):
    """What a decoder of sequences answers when it does not train.

    - ``logits`` ``(batch, token, class)``: one answer for each place of the targets; where a decoder says one token
      after the other, given the true ones before it. Without targets there are none: ``(batch, 0, class)``.
    - ``ids`` ``(batch, token)`` int64: what it says by itself, `declml.token_rows.NO_TOKEN` where that has ended;
      ``chances`` ``(batch, token)`` are the probabilities of these, and ``totals`` ``(batch,)`` the logarithm of the
      probability of all of a row together.
    """

    logits: Tensor
    ids: Tensor
    chances: Tensor
    totals: Tensor


class Encoder(Protocol):
    """A built encoder of one group. ``widths`` are the members' shares of the output, in their order.

    Built as ``build(members, **parameters)``. ``values`` is float32 ``(batch, feature)`` for numbers and binaries, or
    ``(batch, 2 * feature)``, each value beside the mark of a missing one, for encoders that ask for ``missing_marks``;
    int64 ``(batch, feature)`` for category ids, int64 ``(batch, token)`` for text, with ``lengths`` int64
    ``(batch,)``; a text group has one member. Returns ``(batch, sum(widths))``; one with ``per_token`` returns
    `TokenStates` instead, which only a combiner whose component states the fact ``tokens`` is given.
    """

    widths: Sequence[int]

    def __call__(self, values: Tensor, lengths: Tensor | None = None) -> Tensor | TokenStates: ...


@dataclass(frozen=True, slots=True)
class Source:
    """An input feature as a combiner may know it: its name in the config and its type."""

    name: str
    type: str


class Combiner(Protocol):
    """A built combiner: ``build(widths, **parameters)``. ``widths`` has for each group the widths of its features; a
    group's tensor is as wide as their sum. ``width`` is the output's. One whose component states the fact ``sources``
    is built with ``sources=`` besides: a `Source` for each of these widths.

    A combiner that is several models in one has ``submodels``, their number, and hands on a vector for each. One that
    has ``per_token`` set hands on `TokenStates`: decoders with ``takes_tokens`` are called with them, others with the
    sum of a row's vectors.
    """

    width: int

    def __call__(self, groups: Sequence[Tensor | TokenStates]) -> Tensor | TokenStates:
        """``(batch, width_i)`` per group -> ``(batch, width)``, or ``(batch, submodel, width)`` from one with
        ``submodels``."""
        ...


class Decoder(Protocol):
    """A built decoder: ``build(width, facts, **parameters)``: ``(batch, width)`` -> ``(batch,)`` or ``(batch,
    class)``.

    Behind a combiner with ``submodels`` it sees ``(batch * submodel, width)``. One whose component states the fact
    ``per_submodel`` is built with ``submodels=`` besides, sees ``(batch, submodel, width)`` and answers ``(batch,
    submodel)`` or ``(batch, submodel, class)``, each submodel through weights of its own. One that has
    ``takes_tokens`` set is called with `TokenStates` and can only stand behind a combiner with ``per_token``. Other
    outputs can depend on one that has ``answer_width``, how many numbers it answers for a row.

    One of sequences has ``takes_targets`` set: it is called with the targets besides, ``(batch, token)`` ids with
    `declml.token_rows.NO_TOKEN` for padding, or None where nobody knows them. While it trains it answers ``(batch,
    token, class)``, else `TokenAnswers`.
    """

    def __call__(self, combined: Tensor) -> Tensor: ...


class Loss(Protocol):
    """A built loss: ``build(facts, **parameters)`` (without ``weight``): answers and targets -> mean loss, a scalar.

    Its facts are those of the target, and ``normalization``, the name by which a number's targets were scaled.
    """

    def __call__(self, answers: Tensor, targets: Tensor) -> Tensor: ...


class TokenLoss(Loss, Protocol):
    """The loss of a sequence: ``(batch, token, class)`` and ids ``(batch, token)``, padded with `NO_TOKEN`, which never
    counts. It can be taken a piece of the rows at a time: the loss of all is that of the sum of their parts.
    """

    def parts(self, answers: Tensor, targets: Tensor) -> Tensor:
        """Return what each row adds, ``(batch, part)``."""
        ...

    def of_parts(self, parts: Tensor) -> Tensor:
        """Return the loss, a scalar, from the ``(part,)`` sums over rows."""
        ...


class Metric(Protocol):
    """A metric: ``build(**parameters)`` gives a function of all rows at once.

    ``scores`` and ``targets`` are as `OutputOperation.scores` and `OutputOperation.targets` give them, as torch tensors
    (float64 or float32 scores, int64 class targets, float targets for numbers, 0/1 for binaries). ``threshold`` is
    the output's own. Metrics of sequences get `declml.token_rows.SpokenScores` and the true tokens as
    `declml.token_rows.TokenRows` instead.
    """

    def __call__(self, scores: Any, targets: Any) -> float: ...


# --- training: batches go in, weights come out
# --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows on the device. ``groups`` has ``(values, lengths or None)`` per group of the model, in its order;
    ``targets`` has ``(row,)`` per output, or ids ``(row, token)`` padded with `declml.token_rows.NO_TOKEN` for one of
    sequences. ``rows`` is their number."""

    groups: Sequence[tuple[Tensor, Tensor | None]]
    targets: Mapping[str, Tensor]
    rows: int


class Rows(Protocol):
    """The rows of one split, each to be seen once."""

    rows: int

    def every_row(self, batch_size: int) -> Iterator[tuple[Tensor, Batch]]:
        """Yield every row once, each batch with the places of its rows, ``(row,)`` int64.

        The order is the one that pads least: it is the same for the same rows, and seldom that of the rows.
        """
        ...


class Batches(Rows, Protocol):
    """The rows of one split, in memory or mapped from a file, to be trained on."""

    def steps(self, batch_size: int) -> int:
        """Return how many batches an epoch has."""
        ...

    def epoch(self, batch_size: int, *, seed: int | None, first_step: int = 0) -> Iterator[Batch]:
        """Yield the batches of one epoch from step ``first_step`` on: in an order that depends on ``seed`` alone, or,
        when it is None, in the order of the rows."""
        ...


class Optimizer(Protocol):
    """A built optimizer: ``build(weights, **parameters)`` over a list of leaf tensors. ``implementation`` names the
    kernel used.

    One whose component states the fact ``hidden`` is built with ``hidden=`` besides: whether each weight is a matrix
    between hidden layers. One that trains at other weights than it answers with has ``averaged``, a context in which
    its answer is in force, and ``average``, which puts it in force for good. One that looks at the loss several times a
    step has ``minimize(learning_rate, loss)``, called in the place of ``step``: ``loss()`` returns the loss of the
    step's rows, a scalar, and leaves its gradients in ``.grad``.
    """

    implementation: str

    def step(self, learning_rate: float) -> None:
        """Take one step along the gradients in ``.grad``."""
        ...

    def state(self) -> dict[str, Tensor]:
        """Return everything needed to go on bit for bit."""
        ...

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Go on from what `state` returned."""
        ...


@runtime_checkable
class Guided(Protocol):
    """A part of a network that takes part in each optimizer step, found among its modules.

    All that it knows is in its buffers, so that a training can go on from a checkpoint.
    """

    def before_step(self) -> None:
        """Change the gradients in ``.grad``, after those of the losses and before limits and the step."""
        ...

    def after_step(self, step: int, total: int) -> None:
        """Act on step number ``step``, from 1, of ``total``, while its gradients are still there."""
        ...


Schedule: TypeAlias = Callable[[int], float]
"""A built schedule: optimizer step, from 0 -> factor on the learning rate.

Built as ``build(total_steps=, steps_per_epoch=, learning_rate=, **parameters)``; the steps of a warm-up are not among
them.
"""


@dataclass(frozen=True, slots=True)
class Scores:
    """What one evaluation of one split gives: output -> metric -> value, with ``combined`` -> ``loss`` the weighted
    sum.
    """

    values: Mapping[str, Mapping[str, float]]
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Decides:
    """Which number picks the best epoch."""

    output: str
    metric: str
    goal: Literal["maximize", "minimize"]


Emit: TypeAlias = Callable[..., None]
"""Write one event: ``emit(kind, **fields)``."""


@dataclass(frozen=True, slots=True)
class Model:
    """A built network and what is around it.

    ``module(groups)`` takes `Batch.groups` and returns output -> answers; one with ``takes_targets`` is given
    `Batch.targets` besides. ``losses`` are by output, each with its weight.
    """

    module: nn.Module
    losses: Mapping[str, tuple[Loss, float]]


def answers_of(module: nn.Module, batch: Batch) -> Mapping[str, Any]:
    """Return what a module answers to a batch, by output: `TokenAnswers` or a tensor of logits or numbers."""
    if getattr(module, "takes_targets", False):
        return module(batch.groups, batch.targets)
    return module(batch.groups)
