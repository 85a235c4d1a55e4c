"""Older Ludwig spellings: read as today's, flagged, and rewritten by their fixes into configs that say the same."""

from __future__ import annotations

import pytest

from declml_schema.check import check
from declml_schema.problems import Edit, Severity

FEATURES = """\
input_features:
  - name: title
    type: text
  - name: age
    type: number
output_features:
  - name: class
    type: category
"""


def feature(*lines: str) -> str:
    return FEATURES.replace("    type: text\n", "".join(f"    {line}\n" for line in ("type: text", *lines)))


def output(*lines: str) -> str:
    return FEATURES.replace("    type: category\n", "".join(f"    {line}\n" for line in ("type: category", *lines)))


# Old spelling -> the same config as it is written today.
SPELLINGS: dict[str, tuple[str, str]] = {
    "training": (FEATURES + "training: {epochs: 3}\n", FEATURES + "trainer: {epochs: 3}\n"),
    "encoder as a name": (feature("encoder: lstm"), feature("encoder: {type: lstm}")),
    "decoder as a name": (output("decoder: classifier"), output("decoder: {type: classifier}")),
    "loss as a name": (output("loss: softmax_cross_entropy"), output("loss: {type: softmax_cross_entropy}")),
    "combiner as a name": (FEATURES + "combiner: concat\n", FEATURES + "combiner: {type: concat}\n"),
    "optimizer as a name": (
        FEATURES + "trainer: {optimizer: sgd}\n",
        FEATURES + "trainer: {optimizer: {type: sgd}}\n",
    ),
    "flat encoder parameters": (
        feature("encoder: rnn", "cell_type: lstm", "state_size: 16", "bidirectional: true"),
        feature("encoder: {type: rnn, cell_type: lstm, state_size: 16, bidirectional: true}"),
    ),
    "flat parameters beside a mapping": (
        feature("state_size: 16", "encoder:", "  type: lstm", "  num_layers: 2"),
        feature("encoder: {type: lstm, num_layers: 2, state_size: 16}"),
    ),
    "flat parameters without an encoder": (
        feature("num_filters: 16", "embedding_size: 8"),
        feature("encoder: {num_filters: 16, embedding_size: 8}"),
    ),
    "flat decoder parameters": (
        output("num_fc_layers: 1", "fc_output_size: 8"),
        output("decoder: {num_fc_layers: 1, fc_output_size: 8}"),
    ),
    "level": (feature("level: word", "encoder: {type: lstm}"), feature("encoder: {type: lstm}")),
    "level with flat parameters": (
        feature("level: word", "encoder: parallel_cnn", "num_filters: 4"),
        feature("encoder: {type: parallel_cnn, num_filters: 4}"),
    ),
    "numerical": (FEATURES.replace("number", "numerical"), FEATURES),
    "bool": (FEATURES.replace("number", "bool"), FEATURES.replace("number", "binary")),
    "defaults.numerical": (
        FEATURES + "defaults: {numerical: {preprocessing: {normalization: minmax}}}\n",
        FEATURES + "defaults: {number: {preprocessing: {normalization: minmax}}}\n",
    ),
    "preprocessing by type": (
        FEATURES + "preprocessing:\n  numerical:\n    normalization: minmax\n  sample_ratio: 0.5\n",
        FEATURES + "preprocessing: {sample_ratio: 0.5}\ndefaults: {number: {preprocessing: {normalization: minmax}}}\n",
    ),
    "preprocessing by type alone": (
        FEATURES + "preprocessing:\n  text: {lowercase: true}\n  number: {normalization: minmax}\n",
        FEATURES
        + "defaults: {text: {preprocessing: {lowercase: true}}, number: {preprocessing: {normalization: minmax}}}\n",
    ),
    "preprocessing by type beside defaults": (
        FEATURES + "defaults:\n  text:\n    encoder: {type: lstm}\npreprocessing:\n  number: {normalization: minmax}\n",
        FEATURES + "defaults: {text: {encoder: {type: lstm}}, number: {preprocessing: {normalization: minmax}}}\n",
    ),
    "split probabilities": (
        FEATURES + "preprocessing:\n  force_split: true\n  split_probabilities: [0.8, 0.1, 0.1]\n",
        FEATURES + "preprocessing: {split: {type: random, probabilities: [0.8, 0.1, 0.1]}}\n",
    ),
    "stratify": (
        FEATURES + "preprocessing: {stratify: class, split_probabilities: [0.8, 0.1, 0.1]}\n",
        FEATURES + "preprocessing: {split: {type: stratify, column: class, probabilities: [0.8, 0.1, 0.1]}}\n",
    ),
    "decay": (
        FEATURES + "trainer:\n  decay: true\n  decay_rate: 0.5\n  decay_steps: 10\n  staircase: true\n  epochs: 2\n",
        FEATURES
        + "trainer:\n  epochs: 2\n"
        + "  learning_rate_scheduler: {decay: exponential, decay_rate: 0.5, decay_steps: 10, staircase: true}\n",
    ),
    "decay switched off": (
        FEATURES + "trainer: {decay: false, decay_rate: 0.5, epochs: 2}\n",
        FEATURES + "trainer: {epochs: 2}\n",
    ),
    "plateau": (
        FEATURES + "trainer: {reduce_learning_rate_on_plateau: 2, reduce_learning_rate_on_plateau_rate: 0.5}\n",
        FEATURES + "trainer: {learning_rate_scheduler: {reduce_on_plateau: 2, reduce_on_plateau_rate: 0.5}}\n",
    ),
    "warm-up": (
        FEATURES + "trainer: {learning_rate_warmup_epochs: 1, epochs: 2}\n",
        FEATURES + "trainer: {learning_rate_scheduler: {warmup_evaluations: 1}, epochs: 2}\n",
    ),
    "learning_rate_schedule": (
        FEATURES + "trainer: {learning_rate_schedule: {decay: linear}}\n",
        FEATURES + "trainer: {learning_rate_scheduler: {decay: linear}}\n",
    ),
    "validation_measure": (
        FEATURES + "trainer: {validation_measure: accuracy}\n",
        FEATURES + "trainer: {validation_metric: accuracy}\n",
    ),
    "regularizer": (FEATURES + "trainer: {regularizer: l1}\n", FEATURES + "trainer: {regularization_type: l1}\n"),
    "eval_batch_size 0": (
        FEATURES + "trainer: {eval_batch_size: 0}\n",
        FEATURES + "trainer: {eval_batch_size: null}\n",
    ),
    "epsilon": (
        FEATURES + "trainer: {optimizer: {type: adam, epsilon: 0.001}}\n",
        FEATURES + "trainer: {optimizer: {type: adam, eps: 0.001}}\n",
    ),
    "tied_weights": (
        FEATURES.replace("type: number", "type: text\n    tied_weights: title"),
        FEATURES.replace("type: number", "type: text\n    tied: title"),
    ),
    "cell": (feature("encoder: {type: rnn, cell: gru}"), feature("encoder: {type: rnn, cell_type: gru}")),
    "fc_size": (
        feature("encoder: {type: parallel_cnn, fc_size: 8, num_fc_layers: 1}"),
        feature("encoder: {type: parallel_cnn, output_size: 8, num_fc_layers: 1}"),
    ),
    "dropout_rate": (
        feature("encoder: {type: lstm, dropout_rate: 0.5}"),
        feature("encoder: {type: lstm, dropout: 0.5}"),
    ),
    "word_tokenizer": (
        feature("preprocessing: {word_tokenizer: space}"),
        feature("preprocessing: {tokenizer: space}"),
    ),
    "length_limit": (
        feature("preprocessing: {word_sequence_length_limit: 9}"),
        feature("preprocessing: {max_sequence_length: 9}"),
    ),
    "backfill": (
        feature("preprocessing: {missing_value_strategy: backfill}"),
        feature("preprocessing: {missing_value_strategy: bfill}"),
    ),
    "cross_entropy": (
        output("loss: {type: cross_entropy}"),
        output("loss: {type: softmax_cross_entropy}"),
    ),
}


def applied(text: str, edits: tuple[Edit, ...]) -> str:
    """Return the text after the edits of one fix."""
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    for edit in sorted(edits, key=lambda each: (each.span.start, each.span.end), reverse=True):
        start = starts[edit.span.start.line] + edit.span.start.column
        end = starts[edit.span.end.line] + edit.span.end.column
        text = text[:start] + edit.text + text[end:]
    return text


@pytest.mark.parametrize(("old", "new"), SPELLINGS.values(), ids=SPELLINGS.keys())
def test_an_older_spelling_means_what_it_meant(old: str, new: str) -> None:
    result, modern = check(old), check(new)
    assert modern.problems == []
    assert {each.code for each in result.problems} == {"legacy-spelling"}
    assert all(each.severity is Severity.WARNING for each in result.problems)
    assert result.plan is not None
    assert modern.plan is not None
    assert result.plan.as_json() == modern.plan.as_json()


@pytest.mark.parametrize(("old", "new"), SPELLINGS.values(), ids=SPELLINGS.keys())
def test_its_fixes_rewrite_it(old: str, new: str) -> None:
    text = old
    for _ in range(8):
        fix = next((each.fix for each in check(text).problems), None)
        if fix is None:
            break
        text = applied(text, fix.edits)
    result, modern = check(text), check(new)
    assert result.problems == []
    assert result.plan is not None
    assert modern.plan is not None
    assert result.plan.as_json() == modern.plan.as_json()


def test_a_misspelt_name_in_an_older_spelling_is_one_problem() -> None:
    assert [each.code for each in check(FEATURES + "combiner: concta\n").problems] == ["unknown-type"]
    assert [each.code for each in check(feature("encoder: lstmm")).problems] == ["unknown-type"]


def test_old_and_new_side_by_side_are_not_merged_in_silence() -> None:
    assert [each.code for each in check(FEATURES + "trainer: {epochs: 1}\ntraining: {epochs: 2}\n").problems] == [
        "unknown-key"
    ]


def test_a_separator_of_unicode_in_a_comment_moves_no_text() -> None:
    """U+2028 ends a line for Python's `str.splitlines`, and for neither YAML 1.2 nor an editor."""
    text = (
        "# a\u2028b\ninput_features:\n  - name: t\n    type: text\n    encoder: lstm\n    num_layers: 2\n"
        "output_features:\n  - {name: k, type: category}\n"
    )
    fix = next(problem.fix for problem in check(text).problems if problem.fix is not None)
    assert [edit.text for edit in fix.edits] == ["{type: lstm, num_layers: 2}", ""]
