"""What the parts of one hover share: the document, what is known about it, and the way to write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from declml_lsp.hovering.ink import Ink
from declml_lsp.session import Session
from declml_lsp.snapshot import Snapshot
from declml_schema.check import CheckResult
from declml_schema.in_force import HERE, InForce
from declml_schema.vocabulary import Vocabulary

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Look:
    """One look at a document."""

    session: Session
    snapshot: Snapshot
    ink: Ink

    @cached_property
    def words(self) -> Vocabulary:
        """The words that the config may use."""
        return self.session.facts.words(self.snapshot)

    @cached_property
    def result(self) -> CheckResult:
        """What the checker says."""
        return self.session.checked(self.snapshot)

    @cached_property
    def profile(self) -> Json | None:
        """What the data hold, where known."""
        return self.session.facts.profile(self.snapshot)

    @cached_property
    def model(self) -> Json | None:
        """The network's figures, where known."""
        return self.session.facts.model(self.snapshot)

    def force(self, path: str) -> InForce | None:
        """Return what acts in the block at a path."""
        return self.result.in_force(path)

    def feature_name(self, path: str) -> str | None:
        """Return the name of the feature at ``input_features[2]``, None where it has none."""
        found = self.force(path)
        name = found.values.get("name") if found is not None else None
        return name if isinstance(name, str) else None

    def type_default(self, feature: str, kind: str) -> str | None:
        """Return the component that the section ``defaults`` chooses for a feature type, None where it chooses none."""
        found = self.force(f"defaults.{feature}.{kind}")
        return found.word.name if found is not None and found.word is not None and found.chosen == HERE else None
