"""``calibration: true``: after the training, the temperature of each such output, learned from the validation rows."""

from __future__ import annotations

from typing import Any

from declml.evaluation.calibration import fit_temperature, reliability
from declml.evaluation.evaluate import Answers
from declml.run.evaluating import Evaluator
from declml.run.work import Making, Work
from declml_schema.plan import OutputFeature

_LEARNS_FROM = "validation"


def calibrate(work: Work, making: Making) -> None:
    """Add a ``temperature`` to the facts of each output that asks for it; the record and a line tell what it did."""
    asked = [output.name for output in work.plan.outputs if _is_asked(output)]
    if not asked:
        return
    if _LEARNS_FROM not in making.batches:
        message = "No output is calibrated: temperatures are learned from validation rows, and there are none."
        work.emit("log", level="warning", message=message)
        return
    answers = making.evaluator.answers(making.batches[_LEARNS_FROM])
    unseen = making.evaluator.answers(making.batches["test"]) if "test" in making.batches else {}
    told: dict[str, dict[str, Any]] = {}
    for name in asked:
        before = {split: _error(each[name]) for split, each in (("validation", answers), ("test", unseen)) if each}
        # What a loss with a function of its own has taught is measured by that loss: it knows no logits.
        surprise = making.evaluator.loss_of(name) if "link" in work.facts[name] else None
        temperature = fit_temperature(answers[name].raw, answers[name].encoded, surprise=surprise)
        work.facts[name] = {**work.facts[name], "temperature": temperature}
        after = {
            split: _error(_again(making.evaluator, name, each[name]))
            for split, each in (("validation", answers), ("test", unseen))
            if each
        }
        told[name] = {"temperature": temperature, "before": before, "after": after}
        work.emit("log", level="info", message=_sentence(name, told[name]))
    work.ledger.update(calibration=told)


def _is_asked(output: OutputFeature) -> bool:
    """Return whether the output asks for a temperature: by its own key, or by Ludwig's in the decoder."""
    return bool(output.parameters.get("calibration") or output.decoder.parameters.get("calibration"))


def _error(answers: Answers) -> float:
    return reliability(answers.scores.numpy(), answers.targets.numpy()).error


def _again(evaluator: Evaluator, name: str, answers: Answers) -> Answers:
    """Return the answers with the scores that the facts in force give them."""
    spec = next(each for each in evaluator.specs if each.name == name)
    return answers.rescored(spec)


def _sentence(name: str, told: dict[str, Any]) -> str:
    errors = ", ".join(
        f"{before:.4f} -> {told['after'][split]:.4f} on the {split} rows" for split, before in told["before"].items()
    )
    return f"calibrated  {name}: temperature {told['temperature']:.3f}; calibration error {errors}"
