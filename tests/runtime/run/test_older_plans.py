"""A plan of an earlier version is read as it was meant: what was declared since has its default."""

from __future__ import annotations

from dataclasses import replace

from declml.run.older_plans import completed
from declml_schema.check import check
from declml_schema.plan import Plan
from declml_schema.vocabulary import vocabulary

CONFIG = """
input_features:
  - name: note
    type: text
    preprocessing: {lowercase: true}
    encoder: {type: lstm, state_size: 7, reduce_output: null}
  - {name: size, type: number}
output_features:
  - {name: price, type: number, decoder: {type: regressor, num_fc_layers: 1}, loss: {type: huber, delta: 3.0}}
combiner: {type: sequence, encoder: {type: gru, state_size: 9}}
"""


def plan_of(text: str) -> Plan:
    plan, problems = check(text)
    assert plan is not None, problems
    return plan


def test_what_is_lacking_gets_its_default_and_the_rest_stays() -> None:
    plan = plan_of(CONFIG)
    note, size = plan.inputs
    older = replace(
        plan,
        inputs=(
            replace(
                note,
                preprocessing={key: note.preprocessing[key] for key in ("lowercase", "tokenizer")},
                encoder=replace(note.encoder, parameters={"state_size": 7, "reduce_output": None}),
            ),
            size,
        ),
        outputs=tuple(
            replace(
                each,
                preprocessing={},
                decoder=replace(each.decoder, parameters={"num_fc_layers": 1}),
                loss=replace(each.loss, parameters={"delta": 3.0}),
            )
            for each in plan.outputs
        ),
        combiner=replace(plan.combiner, parameters={"encoder": {"type": "gru", "state_size": 9}}),
    )
    assert older.as_json() != plan.as_json()
    assert completed(older, vocabulary()).as_json() == plan.as_json()


def test_a_plan_of_today_and_one_of_trees_stay_as_they_are() -> None:
    plan = plan_of(CONFIG)
    assert completed(plan, vocabulary()).as_json() == plan.as_json()
    trees = plan_of(
        "model_type: gbm\ninput_features: [{name: a, type: number}]\noutput_features: [{name: b, type: number}]"
    )
    assert completed(trees, vocabulary()).as_json() == trees.as_json()
