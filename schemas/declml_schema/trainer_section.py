"""The section ``trainer``: Ludwig's names for training by gradient descent, and a few of our own.

Optimizers and schedules are components with parameters of their own; only what belongs to no single one stands here.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from declml_schema.declare import Component, Parameters, Rule, parameter

Split = Literal["training", "validation", "test"]
Device = Annotated[str, Field(pattern=r"^(auto|cpu|mps|cuda(:[0-9]+)?)$")]


class GradientClipping(Parameters):
    """The mapping ``trainer.gradient_clipping``."""

    clipglobalnorm: float | None = parameter(
        1.0, "Scale all gradients down together when their common norm is greater than this.", gt=0
    )
    clipnorm: float | None = parameter(
        None, "Scale each weight's gradient down when its own norm is greater than this.", gt=0
    )
    clipvalue: float | None = parameter(None, "Cut each number of a gradient to this size.", gt=0)


class LearningRateScheduler(Parameters):
    """The mapping ``trainer.learning_rate_scheduler``, without the parameters of the chosen schedule."""

    decay: str | None = parameter(
        "cosine",
        "The schedule that lowers the learning rate step by step; its own parameters stand beside it. `null` is none.",
        choice="schedule",
        common=True,
    )
    reduce_on_plateau: int = parameter(
        0, "How many times the rate may be lowered when the watched metric stops improving; 0 is never.", ge=0
    )
    reduce_on_plateau_patience: int = parameter(
        10, "Evaluations without improvement before the rate is lowered.", ge=1, unit="evaluations"
    )
    reduce_on_plateau_rate: float = parameter(0.1, "The factor by which the rate is lowered on a plateau.", gt=0, lt=1)
    reduce_eval_metric: str = parameter("loss", "The metric that is watched for a plateau.", reference="metric")
    reduce_eval_split: Split = parameter("training", "The part of the data on which that metric is watched.")
    warmup_evaluations: int = parameter(
        0, "Raise the rate from near zero over this many evaluations.", ge=0, unit="evaluations"
    )
    warmup_fraction: float = parameter(0.05, "Raise the rate from near zero over this share of all steps.", ge=0, lt=1)


class Profiler(Parameters):
    """The mapping ``trainer.profiler``: which steps are recorded."""

    wait: int = parameter(1, "Steps of each round that are not recorded.", ge=0, unit="steps")
    warmup: int = parameter(1, "Steps that are recorded next and thrown away.", ge=0, unit="steps")
    active: int = parameter(
        3, "Steps that are recorded then, into one trace; more make a larger file.", ge=1, unit="steps"
    )
    repeat: int = parameter(5, "How many rounds there are, a trace each; 0 is until the training ends.", ge=0)
    skip_first: int = parameter(0, "Steps before the first round.", ge=0, unit="steps")


class Trainer(Parameters):
    """The section ``trainer``."""

    epochs: int | Literal["auto"] = parameter(
        "auto",
        "Passes over the training rows at most; more cost time and, without early stopping, can overfit. `auto` goes by"
        " the rows and the encoders: hundreds for a small table, few for long texts.",
        ge=1,
        common=True,
        examples=[100, 50, 200],
    )
    train_steps: int | None = parameter(
        None, "Optimizer steps at most; where it is given, it decides instead of `epochs`.", ge=1, unit="steps"
    )
    batch_size: int | Literal["auto"] = parameter(
        "auto",
        "Rows per optimizer step. Larger is faster per row, needs more memory and often a larger learning rate.",
        ge=1,
        unit="rows",
        common=True,
    )
    eval_batch_size: int | Literal["auto"] | None = parameter(
        None, "Rows per batch when evaluating; without it, as in training.", ge=1, unit="rows"
    )
    learning_rate: float | Literal["auto"] = parameter(
        "auto",
        "How far each step moves the weights. Too large diverges, too small takes long. `auto` is 0.002 for tables,"
        " 0.001 where there are texts, and 0.00002 where a pretrained encoder is trained further.",
        gt=0,
        common=True,
        examples=[0.001, 0.0001, 0.01],
    )
    learning_rate_scheduler: LearningRateScheduler | None = parameter(
        LearningRateScheduler(), "How the learning rate changes during training."
    )
    optimizer: dict[str, Any] | None = parameter(
        None, "The rule by which gradients move the weights.", choice="optimizer", common=True
    )
    regularization_type: Literal["l1", "l2", "l1_l2"] | None = parameter(
        "l2", "Which penalty on the weights is added to the loss."
    )
    regularization_lambda: float = parameter(
        0.0, "How much that penalty weighs; 0 is none, more keeps weights smaller.", ge=0
    )
    gradient_clipping: GradientClipping | None = parameter(
        GradientClipping(), "Limits on gradients, against steps that are too large; `null` is none."
    )
    gradient_accumulation_steps: int | Literal["auto"] = parameter(
        "auto",
        "Batches whose gradients are added up before each step, for large batches in little memory; `auto` is 1.",
        ge=1,
    )
    early_stop: int | Literal["auto"] = parameter(
        "auto",
        "Stop after this many evaluations in a row without improvement; -1 never stops early. `auto` is a third of all"
        " evaluations where `epochs` is `auto`, else 5, or as many as have 500 steps; never fewer than 5.",
        ge=-1,
        unit="evaluations",
        common=True,
        examples=[5, 10, -1],
    )
    validation_field: str | None = parameter(
        None,
        "The output whose metric decides which weights are kept: its name, or `combined` for the weighted loss of all. "
        "Without it, the only output; where there are several, the first that has the `validation_metric`, else"
        " `combined`.",
        reference="output_feature",
    )
    validation_metric: str | None = parameter(
        None,
        "The metric that decides which weights are kept; without it, the output's own default.",
        reference="metric",
    )
    evaluate_training_set: bool = parameter(
        False, "Evaluate on all training rows at each evaluation: exact training metrics for more time."
    )
    skip_all_evaluation: bool = parameter(False, "Train without evaluating; the last weights are kept.")
    checkpoints_per_epoch: int = parameter(0, "Evaluations and checkpoints per epoch; 0 is one at its end.", ge=0)
    steps_per_checkpoint: int = parameter(
        0, "Steps between evaluations; 0 leaves it to `checkpoints_per_epoch`.", ge=0, unit="steps"
    )
    should_shuffle: bool = parameter(True, "Deal the rows into new batches each epoch.")
    bucketing_field: str | None = parameter(
        None, "A text input; rows of like length share batches, which pads less.", reference="input_feature"
    )
    effective_batch_size: int | Literal["auto"] = parameter(
        "auto",
        "Rows per optimizer step over all batches that are added up for it: with a batch_size, it decides"
        " `gradient_accumulation_steps`. `auto` leaves both as they are.",
        ge=1,
        unit="rows",
    )
    max_batch_size: int = parameter(
        1099511627776,
        "The largest batch that `batch_size: auto` may choose and `increase_batch_size_on_plateau` may reach.",
        ge=1,
        unit="rows",
    )
    increase_batch_size_on_plateau: int = parameter(
        0,
        "How many times batches may grow when the watched metric stops improving; 0 is never. They grow from the next"
        " epoch on, and the learning rate falls with the epochs as it did.",
        ge=0,
    )
    increase_batch_size_on_plateau_patience: int = parameter(
        5, "Evaluations without improvement before batches grow.", ge=1, unit="evaluations"
    )
    increase_batch_size_on_plateau_rate: float = parameter(
        2.0, "The factor by which batches grow on a plateau, to `max_batch_size` or all rows at most.", gt=1
    )
    increase_batch_size_eval_metric: str = parameter(
        "loss", "The metric that is watched for batches to grow.", reference="metric"
    )
    increase_batch_size_eval_split: Split = parameter(
        "training", "The part of the data on which that metric is watched."
    )
    eval_steps: int | None = parameter(
        None,
        "Batches of `eval_batch_size` to evaluate on while training, the first of each split; null takes all rows. The"
        " last evaluation always takes all.",
        ge=1,
        unit="batches",
    )
    layers_to_freeze_regex: str | None = parameter(
        None,
        "A regular expression: weights whose name has it stay as they are, such as `^encoders` or `decoders.price`.",
        examples=["^encoders\\.", "^combiner"],
    )
    enable_gradient_checkpointing: bool = parameter(
        False, "Compute the combiner a second time for its gradients instead of remembering it: less memory, more time."
    )
    enable_profiling: bool = parameter(
        False,
        "Record where the time of a few steps goes: traces for ui.perfetto.dev and a table, in the run's folder"
        " `profile`. The weights are the same; the steps that are recorded take longer.",
    )
    profiler: Profiler = parameter(Profiler(), "Which steps are recorded, where `enable_profiling` is true.")
    contrastive_pretrain_epochs: int = parameter(
        0,
        "Passes over the rows before the training in which the encoders alone learn, without answers, to say like"
        " things of the features of one row (as CLIP does). 0 is none; its time grows with the pairs of inputs.",
        ge=0,
        unit="epochs",
    )
    contrastive_pretrain_temperature: float = parameter(
        0.07, "How sharply it tells rows from each other at first; less is sharper.", gt=0
    )
    contrastive_pretrain_projection_dim: int = parameter(
        128, "The width of the space in which features are compared.", ge=1
    )
    contrastive_pretrain_learnable_temperature: bool = parameter(True, "Whether that temperature is learned too.")
    modality_dropout: float = parameter(
        0.0,
        "How likely each row loses each input while training: more makes a model that gets on without some of them.",
        ge=0,
        lt=1,
    )
    loss_balancing: Literal["none", "log_transform", "uncertainty", "famo", "gradnorm", "nash_mtl", "pareto_mtl"] = (
        parameter(
            "none",
            "How the losses of several outputs are weighed anew at each step, beside the weights that they have.",
        )
    )
    loss_balancing_alpha: float = parameter(
        1.5, "How much gradnorm pulls outputs that learn slowly; larger pulls more.", ge=0
    )
    loss_balancing_lr: float = parameter(
        0.01, "How fast uncertainty, famo and gradnorm learn their weights; larger follows the losses faster.", gt=0
    )
    loss_balancing_preference_vector: list[float] | None = parameter(
        None,
        "What each output is worth to pareto_mtl, in the order of the outputs; null values all alike.",
        examples=[[0.7, 0.3]],
    )
    loss_balancing_tchebycheff_weight: float = parameter(
        0.5, "The share of pareto_mtl that looks at the worst output alone; 0 looks at the sum of all.", ge=0, le=1
    )
    model_soup: Literal["uniform", "greedy"] | None = parameter(
        None,
        "Average the weights of the best evaluations in the end: all of them alike (uniform), or one after the other as"
        " long as the deciding metric gets better (greedy).",
    )
    model_soup_top_k: int = parameter(5, "How many of the best evaluations are averaged at most.", ge=1)
    use_mixed_precision: bool = parameter(False, "Compute in 16 bits where that is safe: faster on most GPUs.")
    compile: bool = parameter(
        False,
        "Compile the network by torch.compile before it trains: for large networks on a GPU. It takes up to a minute at"
        " the start and a C++ compiler, and on a CPU the steps of a table's network get slower.",
    )
    seed: int = parameter(
        42,
        "The root of all randomness: weights, order of rows, dropout. Same seed, same weights.",
        ge=0,
        lt=2**32,
        common=True,
    )
    device: Device = parameter(
        "auto",
        "Where to train: `auto`, `cpu`, `cuda`, `cuda:1`, `mps`. `auto` takes a GPU where there is one.",
        examples=["auto", "cpu", "cuda:0"],
    )
    threads: int | Literal["auto"] = parameter(
        "auto", "CPU threads for tensors; `auto` measures a few steps and takes the fastest count.", ge=1
    )
    deterministic: bool = parameter(
        True, "Use only operations that give the same bits each time; some GPU operations are slower."
    )


SECTION = Component(
    "section",
    "trainer",
    "How the model is trained.",
    Trainer,
    rules=(
        Rule("exclusive", "checkpoints_per_epoch", "steps_per_checkpoint", doc="Both say when to evaluate."),
        Rule("ignored-unless", "profiler", "enable_profiling", (True,)),
        Rule("ignored-unless", "loss_balancing_alpha", "loss_balancing", ("gradnorm",)),
        Rule("ignored-unless", "loss_balancing_lr", "loss_balancing", ("uncertainty", "famo", "gradnorm")),
        Rule("ignored-unless", "loss_balancing_preference_vector", "loss_balancing", ("pareto_mtl",)),
        Rule("ignored-unless", "loss_balancing_tchebycheff_weight", "loss_balancing", ("pareto_mtl",)),
        Rule("ignored-unless", "model_soup_top_k", "model_soup", ("uniform", "greedy")),
    ),
    facts={"default_types": {"optimizer": "adamw"}},
)
