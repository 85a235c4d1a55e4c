"""What the checker says: which problem, at which place, in which words, and that nothing else is said."""

from __future__ import annotations

import pytest
from tests.schemas.checking import HEAD, applied, said

from declml_schema.check import check
from declml_schema.problems import Severity

# The 14 misspelt configs of the study of Ludwig 0.17, which accepts 11 of them without a word.
MISSPELT = {
    "section": HEAD + "trainr: {epochs: 3}\n",
    "encoder": HEAD.replace("type: text}", "type: text, encodr: {type: lstm}}"),
    "encoder parameter": HEAD.replace("type: text}", "type: text, encoder: {type: lstm, num_layrs: 2}}"),
    "embedding": HEAD + "defaults: {category: {encoder: {type: dense, embeding_size: 20}}}\n",
    "preprocessing": HEAD.replace("type: text}", "type: text, preprocessing: {max_sequence_lenght: 9}}"),
    "split": HEAD + "preprocessing: {split: {type: random, probabilites: [0.8, 0.1, 0.1]}}\n",
    "combiner parameter": HEAD + "combiner: {type: concat, dropuot: 0.1}\n",
    "combiner layers": HEAD + "combiner: {type: concat, num_fc_layer: 2}\n",
    "optimizer parameter": HEAD + "trainer: {optimizer: {type: adam, bets: [0.9, 0.99]}}\n",
    "tokenizer value": HEAD.replace("type: text}", "type: text, preprocessing: {tokenizer: spce}}"),
    "backend": HEAD + "backend: {typ: ray}\n",
    "number": HEAD + 'trainer: {learning_rate: "1e-3x"}\n',
    "range": HEAD + "trainer: {learning_rate: -1}\n",
    "hyperopt": HEAD + "hyperopt: {sampler: {type: ray}}\n",
    "trainer key": HEAD + "trainer: {epoch: 5}\n",
    "encoder type": HEAD.replace("type: number}", "type: number, encoder: {type: dens}}"),
    "normalisation": HEAD.replace("type: number}", "type: number, preprocessing: {normalisatin: zscore}}"),
    "feature type": HEAD.replace("type: number", "type: numerc"),
    "words for a number": HEAD + "trainer: {epochs: many}\n",
    "no outputs": HEAD[: HEAD.index("output_features")],
    "metric": HEAD + "trainer: {validation_metric: accurcy}\n",
}


@pytest.mark.parametrize("text", MISSPELT.values(), ids=MISSPELT.keys())
def test_no_misspelt_config_is_accepted(text: str) -> None:
    plan, problems = check(text)
    assert plan is None
    assert [each for each in problems if each.severity is Severity.ERROR]


CASES: dict[str, tuple[str, list[tuple[str, str, str]]]] = {
    "unknown key at the top": (HEAD + "trainr: {}\n", [("unknown-key", "trainr", "trainr")]),
    "unknown parameter": (
        HEAD + "combiner: {type: concat, num_fc_layer: 2}\n",
        [("unknown-key", "combiner.num_fc_layer", "num_fc_layer")],
    ),
    "unknown encoder": (
        HEAD.replace("type: text}", "type: text, encoder: {type: lstmm, num_layers: 2}}"),
        [("unknown-type", "input_features[0].encoder.type", "lstmm")],
    ),
    "unknown type of a feature": (
        HEAD.replace("type: number", "type: numbr"),
        [("unknown-type", "input_features[1].type", "numbr")],
    ),
    "encoder of another type": (
        HEAD.replace("type: number}", "type: number, encoder: {type: lstm}}"),
        [("encoder-mismatch", "input_features[1].encoder.type", "lstm")],
    ),
    "decoder of another type": (
        HEAD.replace("type: category}", "type: category, decoder: {type: regressor}}"),
        [("decoder-mismatch", "output_features[0].decoder.type", "regressor")],
    ),
    "loss of another type": (
        HEAD.replace("type: category}", "type: category, loss: {type: huber}}"),
        [("loss-mismatch", "output_features[0].loss.type", "huber")],
    ),
    "metric of another type": (
        HEAD + "trainer: {validation_metric: r2}\n",
        [("metric-mismatch", "trainer.validation_metric", "r2")],
    ),
    "metric of the weighted loss": (
        HEAD + "trainer: {validation_field: combined, validation_metric: accuracy}\n",
        [("metric-mismatch", "trainer.validation_metric", "accuracy")],
    ),
    "unknown metric": (
        HEAD + "evaluation: {metrics: {class: [accuracyy]}}\n",
        [("unknown-type", "evaluation.metrics.class[0]", "accuracyy")],
    ),
    "parameter of another encoder": (
        HEAD.replace("type: text}", "type: text, encoder: {type: lstm, num_filters: 3}}"),
        [("foreign-parameter", "input_features[0].encoder.num_filters", "num_filters")],
    ),
    "parameter of another schedule": (
        HEAD + "trainer: {learning_rate_scheduler: {decay: linear, decay_rate: 0.5}}\n",
        [("foreign-parameter", "trainer.learning_rate_scheduler.decay_rate", "decay_rate")],
    ),
    "parameter of a schedule without one": (
        HEAD + "trainer: {learning_rate_scheduler: {decay_rate: 0.5}}\n",
        [("foreign-parameter", "trainer.learning_rate_scheduler.decay_rate", "decay_rate")],
    ),
    "ignored parameter": (
        HEAD + "combiner: {type: concat, output_size: 8}\n",
        [("ignored-parameter", "combiner.output_size", "output_size")],
    ),
    "wrong type": (HEAD + "trainer: {epochs: many}\n", [("wrong-type", "trainer.epochs", "many")]),
    "a section that is a list": (HEAD + "trainer: [1]\n", [("wrong-type", "trainer", "[")]),
    "out of range": (HEAD + "trainer: {epochs: 0}\n", [("out-of-range", "trainer.epochs", "0")]),
    "infinite": (HEAD + "trainer: {learning_rate: .inf}\n", [("out-of-range", "trainer.learning_rate", ".inf")]),
    "not a choice": (
        HEAD + "trainer: {regularization_type: l3}\n",
        [("not-a-choice", "trainer.regularization_type", "l3")],
    ),
    "number in quotes": (
        HEAD + "trainer: {learning_rate: '1e-3'}\n",
        [("text-number", "trainer.learning_rate", "'1e-3'")],
    ),
    "no type": (HEAD + "  - {name: z}\n", [("missing-key", "output_features[1]", "name")]),
    "no outputs": ("input_features: [{name: a, type: text}]\n", [("missing-key", "", "input_features")]),
    "no features": ("input_features: []\n" + HEAD[HEAD.index("output") :], [("missing-key", "input_features", "[")]),
    "a feature that is text": (HEAD + "  - abc\n", [("wrong-type", "output_features[1]", "a")]),
    "empty": ("", [("empty-config", "", "")]),
    "comments only": ("# nothing\n", [("empty-config", "", "")]),
    "a list": ("- a\n", [("not-a-config", "", "-")]),
    "twice": (
        HEAD.replace("name: age", "name: title"),
        [("duplicate-feature", "input_features[1].name", "title")],
    ),
    "in and out": (
        HEAD.replace("name: class", "name: age"),
        [("feature-in-and-out", "output_features[0].name", "age")],
    ),
    "reserved": (
        HEAD.replace("name: class", "name: combined"),
        [("reserved-name", "output_features[0].name", "combined")],
    ),
    "absent output": (
        HEAD + "trainer: {validation_field: clas}\n",
        [("absent-feature", "trainer.validation_field", "clas")],
    ),
    "absent output in metrics": (
        HEAD + "evaluation: {metrics: {clas: [accuracy]}}\n",
        [("absent-feature", "evaluation.metrics.clas", "clas")],
    ),
    "absent input": (
        HEAD.replace("type: text}", "type: text, tied: titel}"),
        [("absent-feature", "input_features[0].tied", "titel")],
    ),
    "tied to another type": (
        HEAD.replace("type: text}", "type: text, tied: age}"),
        [("feature-mismatch", "input_features[0].tied", "age")],
    ),
    "tied in a circle": (
        HEAD.replace(
            "  - {name: age, type: number}",
            "  - {name: lead, type: text, tied: body}\n"
            "  - {name: body, type: text, tied: note}\n"
            "  - {name: note, type: text, tied: body}",
        ),
        [("tied-circle", "input_features[2].tied", "note")],
    ),
    "bucketing by a number": (
        HEAD + "trainer: {bucketing_field: age}\n",
        [("feature-mismatch", "trainer.bucketing_field", "age")],
    ),
    "sum": (
        HEAD + "preprocessing: {split: {type: random, probabilities: [0.5, 0.1, 0.1]}}\n",
        [("probabilities-sum", "preprocessing.split.probabilities", "[0.5, 0.1, 0.1]")],
    ),
    "exclusive": (
        HEAD + "preprocessing: {sample_size: 10, sample_ratio: 0.5}\n",
        [("exclusive", "preprocessing.sample_size", "sample_size")],
    ),
    "planned value": (HEAD + "model_type: llm\n", [("not-built-yet", "model_type", "llm")]),
    "planned parameter": (
        HEAD + "preprocessing: {global_max_sequence_length: 9}\n",
        [("not-built-yet", "preprocessing.global_max_sequence_length", "global_max_sequence_length")],
    ),
    "planned component": (
        HEAD + "combiner: {type: tabpfn_v2, n_estimatrs: 2}\n",
        [
            ("not-built-yet", "combiner.type", "tabpfn_v2"),
            ("unknown-key", "combiner.n_estimatrs", "n_estimatrs"),
        ],
    ),
    "planned section": (
        HEAD + "hyperopt: {goal: minimize, executor: {num_sample: 3}}\n",
        [
            ("not-built-yet", "hyperopt", "hyperopt"),
            ("unknown-key", "hyperopt.executor.num_sample", "num_sample"),
        ],
    ),
    "planned feature": (
        HEAD.replace("type: text}", "type: image, preprocessing: {heigth: 3}}"),
        [
            ("not-built-yet", "input_features[0].type", "image"),
            ("unknown-key", "input_features[0].preprocessing.heigth", "heigth"),
        ],
    ),
    "planned model": (
        HEAD + "model_type: llm\nprmpt: x\n",
        [("not-built-yet", "model_type", "llm"), ("unknown-key", "prmpt", "prmpt")],
    ),
    "planned backend": (HEAD + "backend: {type: ray}\n", [("not-built-yet", "backend.type", "ray")]),
    "a word for true": (HEAD + "trainer: {deterministic: yes}\n", [("wrong-type", "trainer.deterministic", "yes")]),
    "what an encoder brings": (
        HEAD.replace("type: text}", "type: text, encoder: {type: bert}, preprocessing: {tokenizer: space}}"),
        [("ignored-parameter", "input_features[0].preprocessing.tokenizer", "tokenizer")],
    ),
    "defaults of an unknown type": (HEAD + "defaults: {txt: {}}\n", [("unknown-key", "defaults.txt", "txt")]),
    "unknown key in defaults": (
        HEAD + "defaults: {text: {encodr: {}}}\n",
        [("unknown-key", "defaults.text.encodr", "encodr")],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_one_mistake_is_one_problem_at_its_place(text: str, expected: list[tuple[str, str, str]]) -> None:
    assert said(text) == expected


MESSAGES = {
    "dropout: 1.2": "dropout must be >= 0 and < 1; got 1.2.",
    "dropout: high": "dropout must be a number >= 0 and < 1; got 'high'.",
    "num_layrs: 2": "Unknown key 'num_layrs' in the encoder 'lstm'. Did you mean 'num_layers'?",
    "num_filters: 2": (
        "'num_filters' must be a parameter of the encoder 'lstm'; it is one of 'cnnrnn', 'parallel_cnn', 'stacked_cnn' "
        "and 'stacked_parallel_cnn'."
    ),
}


@pytest.mark.parametrize(("value", "message"), MESSAGES.items(), ids=MESSAGES.keys())
def test_messages_have_one_form(value: str, message: str) -> None:
    text = HEAD.replace("type: text}", f"type: text, encoder: {{type: lstm, {value}}}}}")
    assert [each.message for each in check(text).problems] == [message]


def test_a_circle_of_ties_is_told_with_its_way() -> None:
    text = HEAD.replace("type: text}", "type: text, tied: note}\n  - {name: note, type: text, tied: title}")
    (problem,) = check(text).problems
    assert problem.message == "tied must lead to an input that is not tied; got a circle, title -> note -> title."


def test_a_chain_of_ties_that_ends_is_no_circle() -> None:
    chain = "".join(f"  - {{name: n{each}, type: text, tied: n{each + 1}}}\n" for each in range(3))
    text = HEAD.replace("input_features:\n", f"input_features:\n{chain}  - {{name: n3, type: text}}\n")
    assert check(text).problems == []


def test_an_unknown_encoder_suggests_the_nearest_name_and_can_be_fixed() -> None:
    text = HEAD.replace("type: text}", "type: text, encoder: {type: lstmm}}")
    (problem,) = check(text).problems
    assert problem.message == "Unknown encoder 'lstmm' for a text feature. Did you mean 'lstm'?"
    assert problem.fix is not None
    assert check(applied(text, problem.fix.edits)).problems == []


@pytest.mark.parametrize("name", ["unknown key at the top", "not a choice", "number in quotes", "a word for true"])
def test_a_fix_mends_its_problem(name: str) -> None:
    text = CASES[name][0]
    (problem,) = check(text).problems
    assert problem.fix is not None
    assert check(applied(text, problem.fix.edits)).problems == []


def test_all_problems_are_told_at_once_in_the_order_of_the_text() -> None:
    text = HEAD.replace("type: number", "type: numbr") + "trainer: {epochs: 0, learning_rate: -1}\ntrainr: {}\n"
    assert [code for code, _, _ in said(text)] == ["unknown-type", "out-of-range", "out-of-range", "unknown-key"]


def test_columns_of_the_data_are_compared_when_they_are_known() -> None:
    text = HEAD + "evaluation: {slices: [{column: regionn}]}\n"
    columns = {"title": "text", "age": "number", "klass": "category", "region": "category"}
    problems = check(text, columns=columns).problems
    assert [(each.code, each.path) for each in problems] == [
        ("absent-column", "output_features[0].name"),
        ("absent-column", "evaluation.slices[0].column"),
    ]
    assert problems[1].message == "Column 'regionn' is not in the data. Did you mean 'region'?"


def test_a_problem_inside_an_anchor_is_told_once() -> None:
    text = HEAD.replace("type: text}", "type: text, encoder: &e {type: lstm, dropout: 2}}")
    text = text.replace("{name: age, type: number}", "{name: body, type: text, encoder: *e}")
    assert [each.code for each in check(text).problems] == ["out-of-range"]


def test_the_file_is_in_every_problem() -> None:
    assert {each.file for each in check(HEAD + "a: 1\nb: 2\n", file="config.yaml").problems} == {"config.yaml"}


def test_a_required_key_that_is_misspelt_is_one_problem() -> None:
    text = HEAD.replace("{name: age, type: number}", "{name: age, tpye: number}")
    assert said(text) == [("unknown-key", "input_features[1].tpye", "tpye")]


def test_a_hint_speaks_of_one_name_in_the_singular() -> None:
    (problem,) = check(HEAD.replace("type: category}", "type: vector, decoder: {type: regressor}}")).problems
    assert problem.hint == "There is projector."


def test_a_path_where_the_data_section_belongs_is_mended_by_its_fix() -> None:
    line, mended = "data: rows.csv\n", "data: {source: rows.csv}\n"
    (problem,) = check(line + HEAD).problems
    assert problem.code == "wrong-type"
    assert problem.fix is not None
    (edit,) = problem.fix.edits
    assert line[: edit.span.start.column] + edit.text + line[edit.span.end.column :] == mended
    assert check(mended + HEAD).problems == []
