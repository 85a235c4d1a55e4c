"""Mistakes put into a config's text by a seed: those that people make, one or two at a time."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random
from typing import TypeAlias

from declml_schema.vocabulary import vocabulary

Mutation: TypeAlias = Callable[[Random, str], str]

_KEY = re.compile(r"(?<![\w'\"])([A-Za-z_]{3,})(?=: |:\r|:\n)")
_VALUE = re.compile(r"(?<=: )[^\s,}\]\[{&*#'\"|>][^\s,}\]]*")
_NUMBER = re.compile(r"(?<=: )-?\d[\d.]*(?:e[-+]?\d+)?(?=[\s,}\]])")
_TYPE = re.compile(r"(?<=type: )[a-z_0-9]+")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r|$)")

WRONG_VALUES = (
    "surprise", "12", "true", "null", "[1, x]", "{a: 1}", "-1", "1e12", "''", "017", "1e-3", "~", ".nan", "yes",
)  # fmt: skip


def mutated(seed: int, text: str) -> tuple[str, str]:
    """Return what was done, and the text with it: one mistake, sometimes two."""
    random = Random(seed)
    chosen = random.sample(sorted(MUTATIONS), k=random.choice((1, 1, 1, 2)))
    for name in chosen:
        text = MUTATIONS[name](random, text)
    return " + ".join(chosen), text


def _replace(random: Random, pattern: re.Pattern[str], text: str, new: Callable[[str], str]) -> str:
    found = [each for each in pattern.finditer(text) if each.group()]
    if not found:
        return text
    chosen = random.choice(found)
    return text[: chosen.start()] + new(chosen.group()) + text[chosen.end() :]


def misspell_a_key(random: Random, text: str) -> str:
    def typo(word: str) -> str:
        at = random.randrange(len(word) - 1)
        before, here, after, rest = word[:at], word[at], word[at + 1], word[at + 2 :]
        return before + random.choice((after, here + here + after, after + here)) + rest

    return _replace(random, _KEY, text, typo)


def give_a_wrong_type(random: Random, text: str) -> str:
    return _replace(random, _VALUE, text, lambda _: random.choice(WRONG_VALUES))


def leave_the_range(random: Random, text: str) -> str:
    return _replace(random, _NUMBER, text, lambda _: random.choice(("-1000000000", "1e12", "-0.5", "0", "1e400")))


def delete_a_line(random: Random, text: str) -> str:
    return _replace(random, _LINE, text, lambda _: "")


def duplicate_a_line(random: Random, text: str) -> str:
    return _replace(random, _LINE, text, lambda line: line + line)


def swap_types(random: Random, text: str) -> str:
    words = vocabulary()
    names = sorted({name for kind in words.kinds for name in words.names(kind)})
    return _replace(random, _TYPE, text, lambda _: random.choice(names))


def give_a_foreign_parameter(random: Random, text: str) -> str:
    """Put another component's parameter in place of a key; not ``code``, which would name plug-ins that are absent."""
    words = vocabulary()
    names = sorted({name for kind in words.kinds for word in words.words(kind) for name in word.properties} - {"code"})
    return _replace(random, _KEY, text, lambda _: random.choice(names))


def truncate(random: Random, text: str) -> str:
    return text[: random.randrange(len(text) + 1)]


def leave_open(random: Random, text: str) -> str:
    return _replace(random, _VALUE, text, lambda value: random.choice("[{'\"|>") + value)


def close_too_much(random: Random, text: str) -> str:
    return _replace(random, _VALUE, text, lambda value: value + random.choice("]}'\":"))


def indent_otherwise(random: Random, text: str) -> str:
    return _replace(random, _LINE, text, lambda line: random.choice((" ", "\t", "  ")) + line)


def type_somewhere(random: Random, text: str) -> str:
    at = random.randrange(len(text) + 1)
    return text[:at] + random.choice("abc:-#&*!|>'\"%@`{}[],? \t\r\n\u2028\x85é🧮\x07") + text[at:]


def delete_somewhere(random: Random, text: str) -> str:
    at = random.randrange(len(text) + 1)
    return text[:at] + text[at + random.randint(1, 30) :]


def conflict(random: Random, text: str) -> str:
    return _replace(random, _LINE, text, lambda line: f"<<<<<<< HEAD\n{line}=======\n{line}>>>>>>> theirs\n")


def use_an_absent_anchor(random: Random, text: str) -> str:
    return _replace(random, _VALUE, text, lambda _: "*absent")


MUTATIONS: dict[str, Mutation] = {
    each.__name__: each
    for each in (
        misspell_a_key, give_a_wrong_type, leave_the_range, delete_a_line, duplicate_a_line, swap_types,
        give_a_foreign_parameter, truncate, leave_open, close_too_much, indent_otherwise, type_somewhere,
        delete_somewhere, conflict, use_an_absent_anchor,
    )
}  # fmt: skip
