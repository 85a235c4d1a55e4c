"""`declml schema show`: one word of the language with its parameters, or what there is to look up."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import click

from declml.cli.options import json_option
from declml.cli.reference import leaf_default, leaf_range, leaf_type, place_of
from declml.cli.terminal import faint, heading, say, table
from declml.errors import UserProblem
from declml_schema.vocabulary import Vocabulary, Word, vocabulary


@click.command(
    epilog="""\b
Examples:
  declml schema show
  declml schema show encoder.text
  declml schema show encoder.text.lstm
  declml schema show trainer.epochs
  declml schema show trainer --json
"""
)
@click.argument("path", required=False)
@json_option()
def show(path: str | None, as_json: bool) -> None:
    """Show what PATH stands for: a section (trainer), a kind (encoder), a kind for a feature type (encoder.text), one
    name or one of its parameters (trainer.epochs).

    Without PATH, lists everything that there is.
    """
    words = vocabulary()
    owner, _, name = (path or "").rpartition(".")
    of = next((each for kind in words.kinds for each in words.words(kind) if owner in names_of(each)), None)
    if of is not None and name in of.properties:
        leaf = of.properties[name]
        say(
            json.dumps({name: leaf}, indent=2, ensure_ascii=False)
            if as_json
            else _parameters({name: leaf}, of.required)
        )
        return
    found = find_words(words, path)
    if as_json:
        click.echo(json.dumps([_as_json(each) for each in found], indent=2, ensure_ascii=False))
    elif len(found) == 1:
        say(word_text(found[0]))
    else:
        say(table([[place_of(each), faint(each.doc)] for each in found]))


def find_words(words: Vocabulary, path: str | None) -> list[Word]:
    """Return the words that ``path`` stands for, in order; a `UserProblem` names the nearest when there is none."""
    every = [word for kind in words.kinds for word in words.words(kind)]
    if not path:
        return every
    found = [word for word in every if path in names_of(word)]
    if found:
        return found
    found = [word for word in every if any(name.startswith(path + ".") for name in names_of(word))]
    found = found or [word for word in every if word.name == path]
    if found:
        return found
    known = sorted({name for word in every for name in (*names_of(word), *_beginnings(word))})
    near = difflib.get_close_matches(path, known, n=1, cutoff=0.5)
    hint = f"Did you mean `{near[0]}`?" if near else "`declml schema show` lists them."
    raise UserProblem("unknown-word", f"PATH must be a word of the language; got '{path}'.", hint=hint)


def names_of(word: Word) -> list[str]:
    """Return the paths of a word: ``trainer``, ``combiner.concat``, one ``encoder.text.lstm`` per feature type."""
    if word.kind == "section":
        return [word.name]
    if word.features:
        return [f"{word.kind}.{feature}.{word.name}" for feature in word.features]
    return [f"{word.kind}.{word.name}"]


def word_text(word: Word) -> str:
    """Return a word with all of its parameters, for reading."""
    parts = [f"{heading(', '.join(names_of(word)))}\n{word.doc}"]
    for title, properties, required in _blocks(word):
        parts.append((heading(title) + "\n" if title else "") + _parameters(properties, required))
    return "\n\n".join(parts)


def _blocks(word: Word) -> list[tuple[str, Mapping[str, Any], Sequence[str]]]:
    blocks: list[tuple[str, Mapping[str, Any], Sequence[str]]] = []
    if word.properties:
        blocks.append(("", word.properties, word.required))
    if word.preprocessing.properties:
        blocks.append(("preprocessing", word.preprocessing.properties, word.preprocessing.required))
    return blocks


def _parameters(properties: Mapping[str, Any], required: Sequence[str]) -> str:
    lines: list[str] = []
    for name, leaf in properties.items():
        facts = [leaf_type(leaf), leaf_range(leaf), leaf_default(leaf, required=name in required)]
        lines.append(f"{click.style(name, fg='cyan')}  {faint(', '.join(each for each in facts if each))}")
        lines.append(f"    {leaf.get('description', '')}")
    return "\n".join(lines)


def _beginnings(word: Word) -> list[str]:
    return [word.kind, *(f"{word.kind}.{feature}" for feature in word.features)]


def _as_json(word: Word) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "kind": word.kind,
        "name": word.name,
        "paths": names_of(word),
        "doc": word.doc,
        "parameters": dict(word.properties),
        "required": list(word.required),
        "facts": dict(word.facts),
    }
    if word.preprocessing.properties:
        answer["preprocessing"] = dict(word.preprocessing.properties)
    return answer
