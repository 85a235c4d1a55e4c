"""The section ``trainer`` of ``model_type: gbm``: Ludwig's names, which are LightGBM's, for boosting trees.

Its facts say what trees can read and learn; `check_model_type` holds a config to them.
"""

from __future__ import annotations

from typing import Literal

from declml_schema.declare import Component, Parameters, Rule, parameter


class Boosting(Parameters):
    """The section ``trainer`` of ``model_type: gbm``."""

    num_boost_round: int = parameter(
        1000,
        "Rounds of boosting at most; each adds one tree, or one for each class, and takes time.",
        ge=1,
        unit="rounds",
        common=True,
    )
    learning_rate: float = parameter(
        0.03, "How much each tree counts. Smaller learns finer and needs more rounds.", gt=0, common=True
    )
    num_leaves: int = parameter(
        82,
        "Leaves of a tree at most; more find finer patterns, overfit sooner and take longer.",
        ge=2,
        le=131072,
        unit="leaves",
        common=True,
    )
    max_depth: int = parameter(
        18, "Questions on the way to a leaf at most, against overfitting; -1 sets no limit.", ge=-1, common=True
    )
    min_data_in_leaf: int = parameter(
        20, "Training rows that a leaf must have; more overfits less and misses small groups.", ge=0, unit="rows",
        common=True,
    )  # fmt: skip
    min_sum_hessian_in_leaf: float = parameter(
        1e-3, "How much curvature of the loss a leaf must hold; larger makes fewer and surer leaves.", ge=0
    )
    boosting_type: Literal["gbdt", "dart", "rf"] = parameter(
        "gbdt",
        "How trees are added: `gbdt` each on the errors of all before, `dart` the same with some of them left out at"
        " random, `rf` a random forest, each by itself.",
    )
    tree_learner: Literal["serial"] = parameter(
        "serial",
        "Where a tree is grown: `serial` on one machine.",
        planned=["feature", "data", "voting"],
    )
    early_stop: int = parameter(
        10,
        "Stop after this many evaluations in a row without improvement; -1 never stops early.",
        ge=-1,
        unit="evaluations",
        common=True,
    )
    boosting_rounds_per_checkpoint: int = parameter(
        10, "Rounds between two evaluations; fewer stop nearer to the best round and take time.", ge=1, unit="rounds"
    )
    validation_field: str | None = parameter(
        None,
        "The output whose metric decides how many rounds are kept: its name, or `combined` for its weighted loss.",
        reference="output_feature",
    )
    validation_metric: str | None = parameter(
        None,
        "The metric that decides how many rounds are kept; without it, the loss.",
        reference="metric",
    )
    evaluate_training_set: bool = parameter(
        False, "Evaluate on all training rows at each evaluation: every training metric for more time."
    )
    skip_all_evaluation: bool = parameter(False, "Train without evaluating; all rounds are kept.")
    eval_batch_size: int | Literal["auto"] | None = parameter(
        None, "Rows per batch when evaluating; without it, all at once.", ge=1, unit="rows"
    )
    bagging_fraction: float = parameter(
        0.8, "The share of the training rows that a tree sees; less is faster and overfits less.", gt=0, le=1
    )
    pos_bagging_fraction: float = parameter(
        1.0, "The share of the true rows of a binary output that a tree sees, for rare ones.", gt=0, le=1
    )
    neg_bagging_fraction: float = parameter(
        1.0, "The share of the false rows of a binary output that a tree sees, against many of them.", gt=0, le=1
    )
    bagging_freq: int = parameter(
        1, "Rounds after which new rows are drawn; 0 gives every tree all rows.", ge=0, unit="rounds"
    )
    bagging_seed: int | None = parameter(None, "The seed of that draw; without it, it comes from `seed`.", ge=0)
    feature_fraction: float = parameter(
        0.75, "The share of the inputs that a tree may ask about; less is faster and overfits less.", gt=0, le=1
    )
    feature_fraction_bynode: float = parameter(
        1.0, "The share of a tree's inputs that each of its questions may be about.", gt=0, le=1
    )
    feature_fraction_seed: int | None = parameter(
        None, "The seed of these choices; without it, it comes from `seed`.", ge=0
    )
    extra_trees: bool = parameter(
        False, "Try one random threshold for each input instead of all: faster, and overfits less."
    )
    extra_seed: int | None = parameter(None, "The seed of these thresholds; without it, it comes from `seed`.", ge=0)
    max_delta_step: float = parameter(
        0.0, "The most that a leaf may add, against jumps on rare classes; 0 sets no limit.", ge=0
    )
    lambda_l1: float = parameter(
        0.25, "A penalty on the size of what leaves add; larger sets more of them to zero.", ge=0
    )
    lambda_l2: float = parameter(
        0.2, "A penalty on the square of what leaves add; larger keeps all of them smaller.", ge=0
    )
    linear_tree: bool = parameter(
        False, "Fit a line in each leaf instead of a constant: smoother answers for more time and memory."
    )
    linear_lambda: float = parameter(0.0, "A penalty on the square of the slopes of these lines.", ge=0)
    min_gain_to_split: float = parameter(
        0.03, "How much a question must lower the loss to be asked; larger makes smaller trees.", ge=0
    )
    path_smooth: float = parameter(
        0.0, "How much leaves of few rows follow the branch that they hang on; larger overfits less.", ge=0
    )
    drop_rate: float = parameter(0.1, "The share of the trees before that a round of `dart` leaves out.", ge=0, le=1)
    max_drop: int = parameter(
        50, "How many trees a round of `dart` leaves out at most; -1 sets no limit.", ge=-1, unit="trees"
    )
    skip_drop: float = parameter(0.5, "How often a round of `dart` leaves out no tree at all.", ge=0, le=1)
    xgboost_dart_mode: bool = parameter(False, "Whether `dart` weighs trees as XGBoost does.")
    uniform_drop: bool = parameter(False, "Whether `dart` leaves out each tree as likely as any other.")
    drop_seed: int | None = parameter(None, "The seed of `dart`; without it, it comes from `seed`.", ge=0)
    data_sample_strategy: Literal["bagging", "goss"] = parameter(
        "bagging",
        "Which rows a tree sees: `bagging` by chance, `goss` those with the largest errors and some of the others.",
    )
    top_rate: float = parameter(0.2, "The share of the rows with the largest errors that `goss` keeps.", gt=0, lt=1)
    other_rate: float = parameter(0.1, "The share of the rows that `goss` draws from the others.", gt=0, lt=1)
    max_cat_to_onehot: int = parameter(
        4, "Up to so many labels, a category is split by one label against all others.", ge=1, unit="labels"
    )
    max_cat_threshold: int = parameter(
        32, "How many labels of a category one side of a question holds at most.", ge=1, unit="labels"
    )
    min_data_per_group: int = parameter(
        100, "Training rows that a label must have to be sorted by its target; more overfits less.", ge=1, unit="rows"
    )
    cat_l2: float = parameter(10.0, "The penalty `lambda_l2` for questions about categories, on top of it.", ge=0)
    cat_smooth: float = parameter(10.0, "How much labels of few rows are taken as average ones; larger more.", ge=0)
    cegb_tradeoff: float = parameter(
        1.0, "How much the cost of a question weighs against its gain; larger asks less.", ge=0
    )
    cegb_penalty_split: float = parameter(0.0, "What every question costs.", ge=0)
    max_bin: int = parameter(
        255, "Thresholds tried for a number at most; more are finer and slower.", ge=2, le=65535, unit="bins"
    )
    feature_pre_filter: bool = parameter(
        True, "Leave out inputs that `min_data_in_leaf` lets no question ask about: faster, with the same trees."
    )
    verbose: Literal[-1, 0, 1, 2] = parameter(
        -1, "How much LightGBM says in the run's log: -1 nothing, 0 warnings, 1 news, 2 everything."
    )
    seed: int = parameter(
        42, "The root of all randomness: rows and inputs of each tree. Same seed, same trees.", ge=0, lt=2**32,
        common=True,
    )  # fmt: skip
    threads: int | Literal["auto"] = parameter(
        "auto", "CPU threads; `auto` takes all cores, up to 8. The trees are the same for any number.", ge=1
    )
    deterministic: bool = parameter(
        True, "Add numbers in one order, so that the same plan gives the same trees; slightly slower."
    )


_DART = ("drop_rate", "max_drop", "skip_drop", "xgboost_dart_mode", "uniform_drop", "drop_seed")
_DRAWS = ("bagging_fraction", "bagging_freq", "pos_bagging_fraction", "neg_bagging_fraction", "bagging_seed")

SECTION = Component(
    "section",
    "boosting",
    "How trees are boosted: the trainer of `model_type: gbm`.",
    Boosting,
    rules=(
        *(Rule("ignored-unless", name, "boosting_type", ("dart",)) for name in _DART),
        *(Rule("ignored-unless", name, "data_sample_strategy", ("bagging",)) for name in _DRAWS),
        *(Rule("ignored-unless", name, "data_sample_strategy", ("goss",)) for name in ("top_rate", "other_rate")),
        Rule("ignored-unless", "linear_lambda", "linear_tree", (True,)),
        Rule("ignored-unless", "extra_seed", "extra_trees", (True,)),
    ),
    facts={
        "path": "trainer",
        "inputs": ["binary", "category", "number"],
        "losses": {
            # Output type -> loss -> LightGBM's objective, and the parameters of the loss that it knows, by its names.
            "binary": {
                "binary_weighted_cross_entropy": {
                    "objective": "binary",
                    "parameters": {"positive_class_weight": "scale_pos_weight"},
                }
            },
            "category": {
                "softmax_cross_entropy": {"objective": "multiclass", "parameters": {"class_weights": "class_weights"}}
            },
            "number": {
                "mean_squared_error": {"objective": "regression"},
                "root_mean_squared_error": {"objective": "regression"},
                "mean_absolute_error": {"objective": "regression_l1"},
                "huber": {"objective": "huber", "parameters": {"delta": "alpha"}},
            },
        },
        # Names of the same thing elsewhere: the gradient trainer's, scikit-learn's, LightGBM's older ones.
        "also_called": {
            "epochs": "num_boost_round",
            "train_steps": "num_boost_round",
            "n_estimators": "num_boost_round",
            "num_iterations": "num_boost_round",
            "num_trees": "num_boost_round",
            "checkpoints_per_epoch": "boosting_rounds_per_checkpoint",
            "steps_per_checkpoint": "boosting_rounds_per_checkpoint",
            "regularization_lambda": "lambda_l2",
            "reg_alpha": "lambda_l1",
            "reg_lambda": "lambda_l2",
            "min_child_samples": "min_data_in_leaf",
            "min_child_weight": "min_sum_hessian_in_leaf",
            "min_split_gain": "min_gain_to_split",
            "subsample": "bagging_fraction",
            "subsample_freq": "bagging_freq",
            "colsample_bytree": "feature_fraction",
            "boosting": "boosting_type",
            "early_stopping_rounds": "early_stop",
            "random_state": "seed",
            "num_threads": "threads",
            "n_jobs": "threads",
            "verbosity": "verbose",
        },
    },
)
"""The trainer of ``model_type: gbm``."""
