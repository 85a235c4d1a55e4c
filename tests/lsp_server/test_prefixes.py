"""Half-typed configs: every prefix and every config with one line gone is answered, whatever is asked.

The handlers are called as the server calls them, on snapshots. What they answer is held against the meta model, and
every range against the text.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from lsprotocol import types
from pygls.protocol import default_converter

from conformance import wire
from declml_lsp.facts import Facts
from declml_lsp.session import Session, snapshot_of
from declml_lsp.surface import SURFACE, WORKSPACE_SURFACE
from declml_lsp.text import Text
from declml_lsp.written import Written

from .editing import QuietClient
from .questions import METHODS, RESOLVED, Document
from .raw_client import profile

Json: TypeAlias = Any

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted(
    [*(ROOT / "tests" / "conformance").glob("*.yaml"), *(ROOT / "runtime" / "declml" / "templates").rglob("*.yaml")]
)
URI = "file:///nowhere/half.declml.yaml"
CONVERTER = default_converter()
WORKSPACE = {name: act for name, act, _ in WORKSPACE_SURFACE}
each_example = pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)


class UnaskedFacts(Facts):
    """What is known in the moment after a start: nothing yet. The runtime is not asked, and no process is started."""

    def _ask(self, *_: object, **__: object) -> None:
        return


@pytest.fixture(scope="module")
def session() -> Session:
    capabilities = CONVERTER.structure(profile("visual_studio_code_v1.65.2"), types.ClientCapabilities)
    session = Session(QuietClient(), capabilities=capabilities)
    session.facts = UnaskedFacts(session.client.refresh, settings=session.settings)
    return session


def wrong_answers(session: Session, text: str, place: tuple[int, int]) -> Iterator[str]:
    """Ask everything that is on the server's surface about a text and yield what is wrong with the answers."""
    snapshot = snapshot_of(URI, 1, Text(text), language="yaml", notebook=None)
    assert snapshot is not None
    session.snapshots[URI] = snapshot
    document = Document("the text", text, URI)
    document.places = [document.place(*place)]
    for method in SURFACE:
        for params in METHODS[method.name](document):
            answer = as_json(method.answer(session, snapshot, as_params(method.name, params)))
            yield from wire.violations_of_result(method.name, answer)
            yield from document.outside(method.name, answer)
            yield from resolve(session, method.name, answer)
            if method.name == types.TEXT_DOCUMENT_DIAGNOSTIC:
                document.problems = answer["items"]
    for name, act in WORKSPACE.items():
        for params in METHODS[name](document) if name in METHODS else ():
            answer = as_json(act(session, as_params(name, params)))
            yield from wire.violations_of_result(name, answer)
            yield from document.outside(name, answer)


def resolve(session: Session, method: str, answer: Json) -> Iterator[str]:
    """Have the first items of an answer filled in, where the server does that."""
    name = RESOLVED.get(method, ("", ""))[1]
    items = answer["items"] if isinstance(answer, dict) and "items" in answer else answer
    for item in items[:2] if name in WORKSPACE and items else ():
        yield from wire.violations_of_result(name, as_json(WORKSPACE[name](session, as_params(name, item))))


def as_params(method: str, params: Json) -> Json:
    return CONVERTER.structure(params, types.METHOD_TO_TYPES[method][2])


def as_json(answer: Json) -> Json:
    return answer.data if isinstance(answer, Written) else CONVERTER.unstructure(answer)


def answer_everything(session: Session, text: str, place: tuple[int, int]) -> None:
    """Ask the same and look at no answer: what counts is that there is one."""
    snapshot = snapshot_of(URI, 1, Text(text), language="yaml", notebook=None)
    assert snapshot is not None
    session.snapshots[URI] = snapshot
    document = Document("the text", text, URI)
    document.places = [document.place(*place)]
    for method in SURFACE:
        for params in METHODS[method.name](document):
            method.answer(session, snapshot, as_params(method.name, params))


def end_of(text: str) -> tuple[int, int]:
    before, _, last = text.rpartition("\n")
    return (before.count("\n") + 1 if _ else 0), len(last)


def check(session: Session, texts: Iterator[tuple[str, tuple[int, int]]], *, judged: int = 1) -> int:
    """Ask about each text, look at the answers about one in ``judged``, and return how many texts there were."""
    count = 0
    for text, place in texts:
        wrong: list[str] = []
        try:
            if count % judged:
                answer_everything(session, text, place)
            else:
                wrong = list(wrong_answers(session, text, place))
        except Exception as error:
            error.add_note(f"asked at {place} of {text[-200:]!r}")
            raise
        assert not wrong, f"asked at {place} of {text[-200:]!r}: {wrong[:5]}"
        count += 1
    return count


def without_a_line(text: str, step: int) -> Iterator[tuple[str, tuple[int, int]]]:
    lines = text.split("\n")
    for number in range(0, len(lines), step):
        left = lines[:number] + lines[number + 1 :]
        place = min(number, max(0, len(left) - 1))
        yield "\n".join(left), (place, len(left[place]) if left else 0)


def prefixes(text: str, step: int) -> Iterator[tuple[str, tuple[int, int]]]:
    for length in range(0, len(text) + 1, step):
        yield text[:length], end_of(text[:length])


def test_everything_on_the_surface_is_asked() -> None:
    resolving = {name for _, name in RESOLVED.values()}
    assert {method.name for method in SURFACE} | WORKSPACE.keys() <= METHODS.keys() | resolving
    assert len(EXAMPLES) >= 17


@each_example
def test_some_half_typed_configs_are_answered(session: Session, file: Path) -> None:
    text = file.read_text()
    assert check(session, without_a_line(text, 4)) + check(session, prefixes(text, 97)) >= 5


@pytest.mark.thorough
@each_example
def test_a_config_without_any_one_line_is_answered(session: Session, file: Path) -> None:
    text = file.read_text()
    assert check(session, without_a_line(text, 1)) == text.count("\n") + 1


@pytest.mark.thorough
@each_example
def test_every_prefix_is_answered(session: Session, file: Path) -> None:
    text = file.read_text()
    assert check(session, prefixes(text, 1), judged=7) == len(text) + 1
