"""Names that older versions of Ludwig used, and what each is called today: data only."""

from __future__ import annotations

from collections.abc import Mapping

TOP_LEVEL: Mapping[str, str] = {"training": "trainer"}
FEATURE_TYPES: Mapping[str, str] = {
    "numerical": "number",
    "numeric": "number",
    "bool": "binary",
    "boolean": "binary",
    "categorical": "category",
}
FEATURE: Mapping[str, str] = {"tied_weights": "tied"}
COMPONENT: Mapping[str, str] = {
    "cell": "cell_type",
    "fc_size": "output_size",
    "dropout_rate": "dropout",
    "weights_regularizer": "regularization_type",
    "pretrained_model": "pretrained_model_name_or_path",
    "initializer": "weights_initializer",
    "epsilon": "eps",
}
PREPROCESSING: Mapping[str, str] = {
    "word_tokenizer": "tokenizer",
    "word_most_common": "most_common",
    "word_sequence_length_limit": "max_sequence_length",
    "sequence_length_limit": "max_sequence_length",
    "length_limit": "max_sequence_length",
    "word_vocab_file": "vocab_file",
    "normalisation": "normalization",
}
MISSING_VALUES: Mapping[str, str] = {"backfill": "bfill", "pad": "ffill", "drop": "drop_row", "drop_rows": "drop_row"}
TRAINER: Mapping[str, str] = {
    "validation_measure": "validation_metric",
    "regularizer": "regularization_type",
    "learning_rate_schedule": "learning_rate_scheduler",
    "eval_steps_per_epoch": "checkpoints_per_epoch",
    "early_stopping": "early_stop",
    "random_seed": "seed",
}
SCHEDULER: Mapping[str, str] = {
    "reduce_learning_rate_on_plateau": "reduce_on_plateau",
    "reduce_learning_rate_on_plateau_patience": "reduce_on_plateau_patience",
    "reduce_learning_rate_on_plateau_rate": "reduce_on_plateau_rate",
    "reduce_learning_rate_eval_metric": "reduce_eval_metric",
    "reduce_learning_rate_eval_split": "reduce_eval_split",
    "learning_rate_warmup_epochs": "warmup_evaluations",
}
"""Keys of the trainer that now stand in its ``learning_rate_scheduler``."""
DECAY = ("decay_rate", "decay_steps", "staircase")
"""Keys of the trainer that went with ``decay: true``, which is now the schedule ``exponential``."""
LOSSES: Mapping[str, Mapping[str, str]] = {
    "category": {"cross_entropy": "softmax_cross_entropy"},
    "binary": {"cross_entropy": "binary_weighted_cross_entropy"},
    "number": {},
}
ALL_LOSSES = frozenset(name for names in LOSSES.values() for name in names)
