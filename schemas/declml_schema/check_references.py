"""What names something else: duplicate features, absent ones, columns that the data lack, metrics that do not fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from declml_schema.check_blocks import explain_name
from declml_schema.check_features import FeatureReading
from declml_schema.check_sections import ConfigReading
from declml_schema.check_ties import check_ties
from declml_schema.document import entries, resolve
from declml_schema.inspection import Inspection, Reference, listing, suggestion, there_is
from declml_schema.planned import planned_components
from declml_schema.problems import Problem, Related, Severity
from declml_schema.tree import MappingNode, Node, SequenceNode

COMBINED = "combined"
LOSS = "loss"


def check_references(inspection: Inspection, config: ConfigReading) -> None:
    """Check everything that one part of a config says about another, or about the data's columns."""
    _check_names(inspection, config)
    inputs = {each.name: each for each in config.inputs if each.name}
    outputs = {each.name: each for each in config.outputs if each.name}
    by_path = {each.path: each for each in config.inputs}
    ties: dict[str, Reference] = {}
    dependencies: dict[str, list[Reference]] = {}
    for reference in inspection.references:
        if reference.kind == "column":
            _check_column(inspection, reference.value, reference.node, reference.path)
        elif reference.kind == "input_feature":
            owner = by_path.get(reference.owner)
            if _check_input(inspection, reference, inputs, owner) and owner is not None:
                ties[owner.name] = reference
        elif reference.kind == "output_feature":
            owner = next((each for each in config.outputs if each.path == reference.owner), None)
            if _check_output(inspection, reference, outputs, owner) and owner is not None:
                dependencies.setdefault(owner.name, []).append(reference)
        elif reference.kind == "metric":
            _check_metric(inspection, reference, config, outputs)
    _check_circles(inspection, ties)
    _check_dependencies(inspection, dependencies)
    check_ties(inspection, ties, inputs)
    for feature in (*config.inputs, *config.outputs):
        node = feature.name_node()
        if "column" not in feature.reading.places and feature.name and node is not None:
            _check_column(inspection, feature.column, node, f"{feature.path}.name")
    _check_evaluation(inspection, config, outputs)


def _check_names(inspection: Inspection, config: ConfigReading) -> None:
    seen: dict[str, FeatureReading] = {}
    for feature in (*config.inputs, *config.outputs):
        node = feature.name_node()
        if not feature.name or node is None:
            continue
        path = f"{feature.path}.name"
        if feature.side == "output" and feature.name == COMBINED:
            message = f"name must not be '{COMBINED}', which stands for the loss of all outputs."
            inspection.add("reserved-name", message, node.span, path)
        first = seen.setdefault(feature.name, feature)
        first_node = first.name_node()
        if first is feature or first_node is None:
            continue
        if first.side == feature.side:
            code, message = "duplicate-feature", f"name must be given to one feature only; got '{feature.name}' again."
        else:
            code = "feature-in-and-out"
            message = f"An output must not also be an input, or the model reads its answer; got '{feature.name}'."
        related: tuple[Related, ...] = ()
        if first_node.span.start.line >= 0 and node.span.start.line >= 0:
            related = (Related(first_node.span, f"'{feature.name}' is here first."),)
        inspection.take(Problem(code, message, node.span, path=path, related=related))
    _check_shared_columns(inspection, config)


def _check_shared_columns(inspection: Inspection, config: ConfigReading) -> None:
    columns = {each.column: each for each in config.inputs if each.column}
    for output in config.outputs:
        same = columns.get(output.column)
        node = output.name_node()
        if same is not None and same.name != output.name and node is not None:
            both = f"the output '{output.name}' and the input '{same.name}'"
            message = f"The column '{output.column}' is {both}: the model reads its answer."
            inspection.add("feature-in-and-out", message, node.span, output.path, severity=Severity.WARNING)


def _check_column(inspection: Inspection, name: str, node: Node, path: str) -> None:
    if inspection.columns is None or name in inspection.columns:
        return
    known = list(inspection.columns)
    meant, fix = suggestion(name, known, node.span)
    hint = f"The columns are {listing(known)}."
    inspection.add("absent-column", f"Column '{name}' is not in the data.{meant}", node.span, path, hint=hint, fix=fix)


def _check_input(
    inspection: Inspection,
    reference: Reference,
    inputs: Mapping[str, FeatureReading],
    owner: FeatureReading | None,
) -> bool:
    """Check the name of an input, ``owner`` being the feature that says it; return whether that is right."""
    subject = reference.path.rpartition(".")[2]
    target = inputs.get(reference.value)
    if target is None or target is owner:
        others = [name for name in inputs if owner is None or name != owner.name]
        _tell_absent(
            inspection, reference, f"{subject} must be the name of {'another' if owner else 'an'} input", others
        )
        return False
    if owner is not None and owner.type and target.type and owner.type != target.type:
        got = f"'{target.name}', which is of type {target.type}"
        message = f"{subject} must be an input of the same type, {owner.type}; got {got}."
        inspection.add("feature-mismatch", message, reference.node.span, reference.path)
        return False
    if subject == "bucketing_field" and target.type and target.type not in ("sequence", "text"):
        got = f"'{target.name}', which is of type {target.type}"
        message = f"bucketing_field must be a text or sequence input; got {got}."
        inspection.add("feature-mismatch", message, reference.node.span, reference.path)
        return False
    return True


def _check_circles(inspection: Inspection, ties: Mapping[str, Reference]) -> None:
    """Tell of ties that lead back to where they began, each circle once; ``ties`` is by the name of the tied input."""
    settled: set[str] = set()
    for start in ties:
        chain: dict[str, None] = {}
        name = start
        while name in ties and name not in settled and name not in chain:
            chain[name] = None
            name = ties[name].value
        settled.update(chain)
        if name not in chain:
            continue
        walked = list(chain)
        circle = " -> ".join([*walked[walked.index(name) :], name])
        message = f"tied must lead to an input that is not tied; got a circle, {circle}."
        inspection.add("tied-circle", message, ties[name].node.span, ties[name].path)


def _check_dependencies(inspection: Inspection, dependencies: Mapping[str, Sequence[Reference]]) -> None:
    """Tell of the first output whose answer would have to be known before it is made."""
    made: set[str] = set()
    while True:
        ready = [
            name
            for name, needs in dependencies.items()
            if name not in made and all(each.value in made or each.value not in dependencies for each in needs)
        ]
        if not ready:
            break
        made.update(ready)
    for name, needs in dependencies.items():
        if name not in made:
            first = next(each for each in needs if each.value not in made and each.value in dependencies)
            message = f"dependencies must not lead back to the output itself; got '{first.value}' for '{name}'."
            inspection.add("dependency-circle", message, first.node.span, first.path)
            return


def _check_output(
    inspection: Inspection,
    reference: Reference,
    outputs: Mapping[str, FeatureReading],
    owner: FeatureReading | None = None,
) -> bool:
    """Check the name of an output, ``owner`` being the output that says it; return whether that is right."""
    if owner is not None:
        others = [name for name in outputs if name != owner.name]
        if reference.value in others:
            return not _tell_spoken(inspection, reference, outputs)
        _tell_absent(inspection, reference, "dependencies must be names of other outputs", others)
        return False
    if reference.value in outputs or reference.value == COMBINED:
        return True
    subject = reference.path.rpartition(".")[2]
    _tell_absent(
        inspection, reference, f"{subject} must be the name of an output or '{COMBINED}'", [*outputs, COMBINED]
    )
    return False


def _tell_spoken(inspection: Inspection, reference: Reference, outputs: Mapping[str, FeatureReading]) -> bool:
    """Tell of an output that another cannot depend on, since its answers are as many as there are tokens."""
    word = outputs[reference.value].word
    if word is None or not word.facts.get("of_tokens"):
        return False
    message = f"dependencies must be outputs with one answer for a row; '{reference.value}' is a {word.name}."
    hint = "A sequence or text output may itself depend on others."
    inspection.add("feature-mismatch", message, reference.node.span, reference.path, hint=hint)
    return True


def _tell_absent(inspection: Inspection, reference: Reference, rule: str, known: Sequence[str]) -> None:
    span = reference.node.span
    meant, fix = suggestion(reference.value, known, span)
    hint = there_is(list(known))
    inspection.add(
        "absent-feature", f"{rule}; got '{reference.value}'.{meant}", span, reference.path, hint=hint, fix=fix
    )


def _check_metric(
    inspection: Inspection, reference: Reference, config: ConfigReading, outputs: Mapping[str, FeatureReading]
) -> None:
    """Check a metric against the outputs that it may be of: that of its feature, of ``validation_field``, or any."""
    owner = next((each for each in config.outputs if each.path == reference.owner), None)
    candidates = [owner] if owner is not None else list(outputs.values())
    if reference.path == "trainer.validation_metric":
        field = config.sections["trainer"].given.get("validation_field")
        if field == COMBINED and reference.value != LOSS:
            message = (
                f"validation_metric must be '{LOSS}' while validation_field is '{COMBINED}'; got '{reference.value}'."
            )
            inspection.add("metric-mismatch", message, reference.node.span, reference.path)
            return
        if field is not None and field in outputs:
            candidates = [outputs[field]]
        elif field is not None:
            return  # a name with a problem of its own
    check_metric_name(inspection, reference, candidates)


def check_metric_name(inspection: Inspection, reference: Reference, outputs: Sequence[FeatureReading]) -> None:
    """Tell about a metric that none of ``outputs`` has."""
    name = reference.value
    types = sorted({each.type for each in outputs if each.type})
    if name == LOSS or not types or any(not each.type for each in outputs):
        return
    if any(inspection.words.find("metric", name, each) is not None for each in types):
        return
    if len(types) == 1:
        explain_name(inspection, "metric", name, reference.node.span, reference.path, types[0])
        return
    span = reference.node.span
    built = sorted({metric for each in types for metric in inspection.words.names("metric", each)})
    hint = f"These outputs have {listing(built)}."
    if any(name in planned_components("metric", each) for each in types):
        message = f"The metric '{name}' is known but not built yet."
        inspection.add("not-built-yet", message, span, reference.path, hint=hint)
        return
    serves = sorted({each for word in inspection.words.words("metric") if word.name == name for each in word.features})
    if serves:
        message = (
            f"A metric must fit an output; '{name}' is for {listing(serves)} outputs, and there are {listing(types)}."
        )
        inspection.add("metric-mismatch", message, span, reference.path, hint=hint)
        return
    meant, fix = suggestion(name, [*built, LOSS], span)
    inspection.add("unknown-type", f"Unknown metric '{name}'.{meant}", span, reference.path, hint=hint, fix=fix)


def _check_evaluation(inspection: Inspection, config: ConfigReading, outputs: Mapping[str, FeatureReading]) -> None:
    reading = config.sections["evaluation"]
    if "metrics" not in reading.given:
        return
    target = resolve(reading.places["metrics"][1])
    if isinstance(target, SequenceNode):
        _check_metric_list(inspection, target, "evaluation.metrics", list(outputs.values()))
    elif isinstance(target, MappingNode):
        for entry in entries(target):
            name, path = entry.key.text, f"evaluation.metrics.{entry.key.text}"
            if name in outputs:
                items = resolve(entry.value)
                if isinstance(items, SequenceNode):
                    _check_metric_list(inspection, items, path, [outputs[name]])
            else:
                reference = Reference("output_feature", name, entry.key, path)
                _tell_absent(inspection, reference, "The keys of evaluation.metrics must be outputs", list(outputs))


def _check_metric_list(
    inspection: Inspection, target: SequenceNode, path: str, outputs: Sequence[FeatureReading]
) -> None:
    blank = Reference("metric", "", target, path)
    for index, item in enumerate(target.items):
        value = getattr(resolve(item), "value", None)
        if isinstance(value, str):
            check_metric_name(inspection, blank._replace(value=value, node=item, path=f"{path}[{index}]"), outputs)
