"""Keeps what frozen encoders say of each row: computed once per text and weights, reused by every later run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from declml.contracts import Emit, Encoded
from declml.data.batches import ragged_group
from declml.data.cache import Cache
from declml.model.assemble import Network
from declml.model.frozen import encode_rows, encoder_hash
from declml.model.groups import Group
from declml.run.prepare import Prepared
from declml_schema.content import content_hash

_BATCH_ROWS = 64


@dataclass(frozen=True, slots=True)
class FrozenEncoding:
    """What is needed to encode the texts of frozen groups: the network, its groups and the dataset.

    ``device`` is the kind that computes, such as ``cpu``: another one rounds differently.
    """

    network: Network
    groups: Sequence[Group]
    prepared: Prepared
    cache: Cache
    emit: Emit
    device: str = "cpu"

    def columns(self) -> dict[str, Encoded]:
        """Return, by input feature, the arrays that take the place of the tokens: float32 ``(row, width)``."""
        answer: dict[str, Encoded] = {}
        for index, group in enumerate(self.groups):
            name = group.members[0].name
            encoded = self.prepared.features[name].encoded.encoded
            if encoded.offsets is not None and self.network.is_frozen(index):
                answer[name] = Encoded(self._values(index, name, encoded))
        return answer

    def _values(self, index: int, name: str, encoded: Encoded) -> np.ndarray:
        group, feature = self.groups[index], self.prepared.features[name]
        key = content_hash(
            {
                "tokens": feature.encoded.key,
                "encoder": encoder_hash(self.network, index),
                # What weights and structure do not show: how tokens are reduced, how many are read, whose code it is.
                "type": group.encoder,
                "parameters": dict(group.parameters),
                "source": feature.fitting.source,
                "device": self.device,
            }
        )

        def write(folder: Path) -> Mapping[str, Any]:
            pad = feature.facts.get("pad", 0)
            source = ragged_group(encoded, np.arange(self.prepared.table.rows), pad=pad)
            values = encode_rows(self.network, index, source, batch_size=_BATCH_ROWS, progress=self._progress(name))
            np.save(folder / "values.npy", values)
            return {"width": int(values.shape[1])}

        entry = self.cache.get_or_put("frozen", key, write)
        return np.load(entry.path / "values.npy", mmap_mode="r")

    def _progress(self, name: str) -> Any:
        self.emit("log", level="info", message=f"Encoding '{name}' once with its frozen encoder.")

        def tell(done: int, total: int) -> None:
            if done == total or done % (_BATCH_ROWS * 4) == 0:
                self.emit("stage_progress", stage="model", done=done, total=total)

        return tell
