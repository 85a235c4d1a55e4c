"""Names of other things that a value may be: columns of the data, features, metrics."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from declml_lsp.completion.offer import Kind, Offer, Rank, Shape
from declml_lsp.completion.outline import Sketch, outline
from declml_lsp.completion.place import Place
from declml_lsp.completion.wording import column_brief, column_doc, word_doc
from declml_lsp.meaning import LeafMeaning
from declml_lsp.quoting import as_scalar
from declml_schema.check_references import COMBINED, LOSS
from declml_schema.vocabulary import Word

MOST = 100
"""So many names are offered at once: the others come when more is typed."""
_ONLY_OF_TYPE = {"bucketing_field": "text"}
"""What the checker asks of an input beyond being one."""


def reference_offers(place: Place, leaf: LeafMeaning, shape: Shape) -> list[Offer]:
    """Return the names that a value may say."""
    if leaf.reference == "column":
        return column_offers(place, shape)
    if leaf.reference == "input_feature":
        return _inputs(place, leaf, shape)
    if leaf.reference == "output_feature":
        return _outputs(place, shape)
    return _metrics(place, leaf, shape) if leaf.reference == "metric" else []


def column_offers(place: Place, shape: Shape) -> list[Offer]:
    """Return the data's columns, those that a feature reads already last; without data, the columns of the features."""
    in_feature = len(place.levels) > 1 and place.levels[1].step in ("input_features", "output_features")
    known = columns(place)
    if not known and in_feature:
        return []
    used = {each.column for each in outline(place.snapshot).named()} - {place.own_column()}
    if not known:
        return [_name(each, "column", Kind.Field, shape) for each in _some(place, sorted(used))]
    answer: list[Offer] = []
    written = place.level.keys if place.level.is_list else ()
    for name in _some(place, [each for each in known if each not in written]):
        column = known[name]
        is_used = in_feature and name in used
        said = f"{'used, ' if is_used else ''}{column_brief(column)}"
        rank = Rank.SELDOM if is_used else Rank.COMMON
        answer.append(_name(name, said, Kind.Field, shape, rank=rank, doc=partial(column_doc, column)))
    return answer


def columns(place: Place) -> Mapping[str, Mapping[str, Any]]:
    """Return what is known of the data's columns, by name and in their order."""
    return {each["name"]: each for each in (place.profile or {}).get("columns", ())}


def _inputs(place: Place, leaf: LeafMeaning, shape: Shape) -> list[Offer]:
    inputs = outline(place.snapshot).inputs
    wanted = _ONLY_OF_TYPE.get(leaf.name, "")
    own = -1
    if leaf.owner is not None and leaf.owner.section == "feature":
        step = place.levels[2].step
        own = step if isinstance(step, int) else -1
        wanted = leaf.owner.feature or ""
    fitting = [
        each
        for number, each in enumerate(inputs)
        if each.name and number != own and (not wanted or each.type in ("", wanted))
    ]
    return [_feature(each, "input", shape) for each in _some_features(place, fitting)]


def _outputs(place: Place, shape: Shape) -> list[Offer]:
    outputs = [each for each in outline(place.snapshot).outputs if each.name]
    combined = _name(COMBINED, "all outputs", Kind.Variable, shape, doc="The loss of all outputs together.")
    return [*(_feature(each, "output", shape) for each in _some_features(place, outputs)), combined]


def _feature(sketch: Sketch, side: str, shape: Shape) -> Offer:
    said = f"{sketch.type} {side}".strip()
    column = f" It reads the column `{sketch.column}`." if sketch.column != sketch.name else ""
    return _name(sketch.name, said, Kind.Variable, shape, doc=f"The {said} `{sketch.name}`.{column}")


def _metrics(place: Place, leaf: LeafMeaning, shape: Shape) -> list[Offer]:
    """Return the metrics of the outputs that are meant: one that is named, or all."""
    outputs = outline(place.snapshot).outputs
    field = _field(place, leaf)
    if field == COMBINED:
        return [_loss(shape)]
    named = [each for each in outputs if each.name == field]
    types = {each.type for each in named or outputs if each.type}
    written = place.level.keys if place.level.is_list else ()
    deciding = {each.facts.get("default_metric") for each in place.words.words("output") if each.name in types}
    answer = [_loss(shape)] if LOSS not in written else []
    for name, found in _by_name(place.words.words("metric")).items():
        serving = [each for each in found if not types or types.intersection(each.features)]
        if serving and name not in written:
            goal = {"maximize": "higher is better", "minimize": "lower is better"}
            said = goal.get(serving[0].facts.get("goal", ""), "metric")
            rank = Rank.COMMON if name in deciding else Rank.REST
            answer.append(_name(name, said, Kind.Function, shape, rank=rank, doc=partial(word_doc, serving[0])))
    return answer


def _loss(shape: Shape) -> Offer:
    return _name(LOSS, "lower is better", Kind.Function, shape, doc="What training makes small.")


def _by_name(words: Iterable[Word]) -> dict[str, list[Word]]:
    answer: dict[str, list[Word]] = {}
    for word in words:
        answer.setdefault(word.name, []).append(word)
    return answer


def _field(place: Place, leaf: LeafMeaning) -> str:
    """Return the output whose metrics are meant, an empty text for all."""
    if len(place.levels) > 2 and place.levels[1].step == "evaluation":
        return leaf.name if leaf.owner is None and leaf.name != "metrics" else ""
    return place.level.scalars.get("validation_field", "") if leaf.name == "validation_metric" else ""


def _some_features(place: Place, found: list[Sketch]) -> list[Sketch]:
    names = _some(place, [each.name for each in found])
    if len(names) == len(found):
        return found
    kept = set(names)
    return [each for each in found if each.name in kept][:MOST]


def _some(place: Place, names: list[str]) -> list[str]:
    """Return names, of very many those that go with what is typed."""
    if len(names) <= MOST:
        return names
    place.is_cut = True
    typed = place.cursor.prefix.casefold()
    near = [name for name in names if typed in name.casefold()]
    near.sort(key=lambda name: not name.casefold().startswith(typed))
    return near[:MOST]


def _name(
    name: str, said: str, kind: Kind, shape: Shape, *, rank: Rank = Rank.COMMON, doc: Callable[[], str] | str = ""
) -> Offer:
    return Offer(name, (as_scalar(name),), shape, kind, rank, said, doc, quotable=True)
