"""textDocument/documentLink: the files that a config names: data, plug-ins, local pretrained models."""

from __future__ import annotations

from pathlib import Path

from lsprotocol import types

from declml_lsp.naming import inner_span
from declml_lsp.session import Session
from declml_lsp.snapshot import Snapshot
from declml_lsp.walk import walked


def respond(session: Session, snapshot: Snapshot, _params: types.DocumentLinkParams) -> list[types.DocumentLink]:
    """Return a link for each value that names a file or folder that is there."""
    answer: list[types.DocumentLink] = []
    tooltips = session.supports("text_document", "document_link", "tooltip_support")
    for found in walked(session.facts.words(snapshot), snapshot):
        scalar = found.scalar
        if scalar is None or not isinstance(scalar.value, str) or not _may_be_a_path(found.reference, found.spot.step):
            continue
        path = _existing(snapshot.folder, scalar.value)
        if path is not None:
            tooltip = f"Open {path.name}" if tooltips else None
            answer.append(types.DocumentLink(snapshot.text.range(inner_span(scalar)), path.as_uri(), tooltip))
    return answer


def _may_be_a_path(reference: str, step: object) -> bool:
    return reference == "file" or (isinstance(step, str) and step.endswith("name_or_path"))


def _existing(folder: Path, written: str) -> Path | None:
    """Return the file that a text names, relative to the config's folder; the first one that a pattern fits."""
    try:
        if any(character in written for character in "*?["):
            return next(iter(sorted(folder.glob(written))), None)
        path = (folder / Path(written).expanduser()).absolute()
        return path if path.exists() else None
    except (OSError, ValueError, NotImplementedError):
        return None
