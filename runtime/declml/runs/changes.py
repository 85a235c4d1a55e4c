"""What differs between two plans, in the words of the config: paths as a user writes them, features matched by name.

Swapping a component changes dozens of defaults with it. Those are marked as implied, so that a reader sees what a
person did.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import yaml

_LISTS = {"inputs": "input_features", "outputs": "output_features"}
_TOGETHER = ("preprocessing", "split")  # a config nests the second in the first
_MISSING = object()


@dataclass(frozen=True, slots=True)
class Change:
    """One config key that differs. ``before`` is None for an added key, ``after`` for a removed one.

    ``implied`` says that nobody wrote it: it came or went with a component or type that was chosen.
    """

    path: str
    kind: Literal["changed", "added", "removed"]
    before: Any = None
    after: Any = None
    implied: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return the change as JSON data."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def plan_changes(
    before: Mapping[str, Any], after: Mapping[str, Any], *, written: Sequence[frozenset[str]] = ()
) -> list[Change]:
    """Return what differs between two plans (as `Plan.as_json` gives them), in the order of the config.

    ``written`` are the paths that the users of either side wrote (`written_paths`); under a swapped component only
    those changes are not implied.
    """
    known = frozenset[str]().union(*written)
    left, right = _differing(before, after)
    return list(_compare(config_shape(left), config_shape(right), "", known, swapped=False))


def config_shape(plan: Mapping[str, Any]) -> dict[str, Any]:
    """Return a plan as a config would say it in full: feature lists become mappings by name, choices flat with their
    type.
    """
    answer: dict[str, Any] = {}
    for key, value in plan.items():
        if key in _LISTS:
            answer[_LISTS[key]] = {str(each["name"]): _flat(_without_name(each)) for each in value}
        elif key == "split":
            continue
        elif key == "preprocessing":
            answer[key] = {**_flat(value), "split": _flat(plan["split"])} if "split" in plan else _flat(value)
        else:
            answer[key] = _flat(value)
    return answer


def written_paths(config: str, overrides: Sequence[str] = ()) -> frozenset[str]:
    """Return every path that a config's text writes down, and that ``KEY=VALUE`` overrides set; features go by their
    names.

    A value under ``defaults.text.encoder`` counts for every text feature. Text that is no YAML gives no paths.
    """
    try:
        tree: Any = yaml.load(config, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (yaml.YAMLError, ValueError, RecursionError):
        tree = None
    found: set[str] = set()
    if isinstance(tree, Mapping):
        found.update(_paths(tree, ""))
        found.update(_inherited(tree))
    features = {(kind, index): str(feature["name"]) for kind, index, feature in _features(tree)}
    for override in overrides:
        path = override.partition("=")[0].strip()
        found.add(re.sub(r"(input_features|output_features)(?:\[(\d+)\]|\.(\d+))", lambda m: _named(m, features), path))
    return frozenset(found)


def _differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return both sides without the sections and features that are equal: in a wide table, most of them."""
    left, right = dict(before), dict(after)
    for key in before.keys() & after.keys():
        if not _is_equal(before[key], after[key]):
            left[key], right[key] = _differing_features(before[key], after[key])
        elif key not in _TOGETHER:
            del left[key], right[key]
    if all(_is_equal(before.get(key), after.get(key)) for key in _TOGETHER):
        for key in _TOGETHER:
            left.pop(key, None)
            right.pop(key, None)
    return left, right


def _differing_features(before: Any, after: Any) -> tuple[Any, Any]:
    if not (_is_named(before) and _is_named(after)):
        return before, after
    theirs, ours = ({each["name"]: each for each in features} for features in (before, after))
    return (
        [each for each in before if not _is_equal(ours.get(each["name"]), each)],
        [each for each in after if not _is_equal(theirs.get(each["name"]), each)],
    )


def _is_equal(before: Any, after: Any) -> bool:
    # true == 1 for Python, and not in a config.
    return before == after and _has_equal_kinds(before, after)


def _has_equal_kinds(before: Any, after: Any) -> bool:
    """Return whether two equal values have true and false at the same places."""
    if isinstance(before, dict):
        return all(_has_equal_kinds(value, after[key]) for key, value in before.items())
    if isinstance(before, list | tuple):
        return all(map(_has_equal_kinds, before, after))
    return (before is True or before is False) == (after is True or after is False)


def _is_named(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, Mapping) and each.get("name") for each in value)


def feature_path(kind: str, name: str) -> str:
    """Return the path of a feature by its name: ``input_features[title]``."""
    return f"{kind}[{name}]"


def _named(match: re.Match[str], features: Mapping[tuple[str, int], str]) -> str:
    kind, index = match[1], int(match[2] or match[3])
    return feature_path(kind, features.get((kind, index), str(index)))


def _without_name(feature: Mapping[str, Any]) -> dict[str, Any]:
    rest = {key: value for key, value in feature.items() if key not in {"name", "parameters"}}
    if rest.get("column") == feature["name"]:
        del rest["column"]
    return {**rest, **(feature.get("parameters") or {})}


def _flat(value: Any) -> Any:
    if isinstance(value, Mapping):
        if set(value) == {"type", "parameters"}:
            return {"type": value["type"], **{key: _flat(each) for key, each in value["parameters"].items()}}
        return {key: _flat(each) for key, each in value.items()}
    if value and _is_named(value):
        return {str(each["name"]): _flat({k: v for k, v in each.items() if k != "name"}) for each in value}
    return value


def _compare(before: Any, after: Any, path: str, written: frozenset[str], *, swapped: bool) -> Iterator[Change]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        yield from _compare_mappings(before, after, path, written, swapped=swapped)
        return
    if before is not _MISSING and after is not _MISSING and _same(before, after):
        return
    implied = swapped and not _is_written(path, written)
    if before is _MISSING:
        yield Change(path, "added", None, _short(after), implied)
    elif after is _MISSING:
        yield Change(path, "removed", _short(before), None, implied)
    else:
        yield Change(path, "changed", _short(before), _short(after), implied)


def _compare_mappings(
    before: Mapping[str, Any], after: Mapping[str, Any], path: str, written: frozenset[str], *, swapped: bool
) -> Iterator[Change]:
    if _type(before) != _type(after):
        # The choice itself is never implied where it is the first thing to differ; what hangs on it is.
        yield Change(
            _join(path, "type"), "changed", _type(before), _type(after), swapped and not _is_written(path, written)
        )
        swapped = True
        before = {key: each for key, each in before.items() if key != "type"}
        after = {key: each for key, each in after.items() if key != "type"}
    of_features = path in _LISTS.values()
    # An encoder brings its preprocessing along: a tokenizer, a vocabulary.
    brings = _type(before.get("encoder")) != _type(after.get("encoder"))
    for key in (*before, *(key for key in after if key not in before)):
        below = feature_path(path, key) if of_features else _join(path, key)
        left, right = before.get(key, _MISSING), after.get(key, _MISSING)
        yield from _compare(left, right, below, written, swapped=swapped or (brings and key == "preprocessing"))


def _same(before: Any, after: Any) -> bool:
    # 1 and 1.0 are one number in a config, true and 1 are not one value.
    return before == after and isinstance(before, bool) == isinstance(after, bool)


def _type(value: Any) -> Any:
    return value.get("type") if isinstance(value, Mapping) else None


def _short(value: Any) -> Any:
    """Return a value for a reader: a component or feature that came or went as a whole is told by its type."""
    if isinstance(value, Mapping) and "type" in value:
        encoder = _type(value.get("encoder"))
        return f"{value['type']} ({encoder})" if encoder else value["type"]
    return value


def _is_written(path: str, written: frozenset[str]) -> bool:
    if path in written:
        return True
    # Ludwig's older files write an encoder's parameters on the feature itself.
    return path.replace(".encoder.", ".").replace(".decoder.", ".") in written


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _paths(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, each in value.items():
            below = _join(path, str(key))
            yield below
            yield from _paths(each, below)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            name = each.get("name") if isinstance(each, Mapping) else None
            if name is None:
                yield from _paths(each, f"{path}[{index}]")
            else:
                yield from _paths(
                    each, feature_path(path, str(name)) if path in _LISTS.values() else _join(path, str(name))
                )


def _inherited(tree: Mapping[Any, Any]) -> Iterator[str]:
    defaults = tree.get("defaults")
    if not isinstance(defaults, Mapping):
        return
    for kind, _, feature in _features(tree):
        yield from _paths(defaults.get(feature.get("type")), feature_path(kind, str(feature["name"])))


def _features(tree: Any) -> Iterator[tuple[str, int, Mapping[str, Any]]]:
    if not isinstance(tree, Mapping):
        return
    for kind in _LISTS.values():
        listed: Any = tree.get(kind)
        if isinstance(listed, list):
            for index, each in enumerate(listed):
                if isinstance(each, Mapping) and "name" in each:
                    yield kind, index, each
