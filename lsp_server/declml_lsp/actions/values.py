"""Values: numbers with an exponent written out, and the data's content pinned by its hash."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from lsprotocol import types

from declml_lsp.actions.proposal import Proposal, Request
from declml_lsp.quoting import as_scalar
from declml_lsp.walk import walked
from declml_schema.problems import Edit, Position, Span
from declml_schema.tree import Entry, MappingNode, Scalar

_EXPONENT = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)[eE][-+]?\d+")
_MOST_DIGITS = 12
LARGEST_HASHED_BYTES = 512 * 2**20


def written_out(request: Request) -> Iterator[Proposal]:
    """Yield a proposal for each number like ``1e-3`` here: other tools read that as text (YAML 1.1)."""
    for found in walked(request.session.facts.words(request.snapshot), request.snapshot):
        spot, node = found.spot, found.spot.node
        if (
            not isinstance(node, Scalar)
            or node.style
            or not request.span.start.line <= node.start_line <= request.span.end.line
        ):
            continue
        if _EXPONENT.fullmatch(node.text) and isinstance(node.value, int | float):
            plain = format(Decimal(node.text), "f")
            if len(plain) <= _MOST_DIGITS:
                yield Proposal(
                    f"written-out:{spot.path}",
                    f"Write {node.text} as {plain}",
                    types.CodeActionKind.RefactorRewrite,
                    lambda node=node, plain=plain: [Edit(node.span, plain)],
                )


def pin(request: Request) -> Iterator[Proposal]:
    """Yield the proposal that writes the SHA-256 of the data into the config: no other content is trained on then."""
    root = request.snapshot.root
    section = _entry(root, "data") if isinstance(root, MappingNode) else None
    if section is None or not isinstance(section.value, MappingNode):
        return
    if not request.touches(Span(section.key.span.start, section.value.span.end)):
        return
    source = _entry(section.value, "source")
    if source is None or not isinstance(source.value, Scalar):
        return
    file = request.snapshot.folder / source.value.text
    pinned = _entry(section.value, "sha256")
    if not file.is_file() or file.stat().st_size > LARGEST_HASHED_BYTES:
        return
    title = "Pin the data to the file's present content" if pinned is None else "Pin the data anew"
    box = section.value
    yield Proposal("pin", title, types.CodeActionKind.RefactorRewrite, lambda: [_pinned(file, box, source, pinned)])


def _pinned(file: Path, box: MappingNode, source: Entry, pinned: Entry | None) -> Edit:
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if pinned is not None:
        return Edit(pinned.value.span, as_scalar(digest))
    end = source.value.span.end
    if box.flow:
        return Edit(Span(end, end), f", sha256: {as_scalar(digest)}")
    start = Position(source.key.start_line, source.key.start_column)
    return Edit(Span(start, start), f"sha256: {as_scalar(digest)}\n{' ' * start.column}")


def _entry(mapping: MappingNode, key: str) -> Entry | None:
    return next((each for each in mapping.entries if each.key.text == key), None)
