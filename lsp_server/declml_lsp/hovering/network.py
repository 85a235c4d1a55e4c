"""The network's figures: what leaves a part, how many weights it has, what the whole takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from declml_lsp.hovering.look import Look

Json = Mapping[str, Any]


def part_of(model: Json | None, path: str, name: str | None) -> Json | None:
    """Return the figures of the part at a config path: a feature's encoder or decoder, or the combiner.

    ``name`` is the feature's, for a path inside one.
    """
    if model is None:
        return None
    head, _, rest = path.partition(".")
    if path == "combiner":
        return model.get("combiner")
    side = head.partition("[")[0]
    if side == "input_features" and rest in ("", "encoder"):
        return (model.get("inputs") or {}).get(name)
    if side == "output_features" and rest in ("", "decoder"):
        return (model.get("outputs") or {}).get(name)
    return None


def shape_text(shape: Sequence[Any] | None) -> str:
    """Return a shape as the hints show it: ``[batch, 256]``; an empty text where it is not known."""
    if not shape or None in shape:
        return ""
    return f"[{', '.join(str(size) for size in shape)}]"


def part_lines(look: Look, path: str, name: str | None) -> list[str]:
    """Return what is known of one part of the network, for a list."""
    model = look.model
    part = part_of(model, path, name)
    if model is None or part is None:
        return []
    lines: list[str] = []
    shape, before = shape_text(part.get("output")), shape_text(part.get("input"))
    if shape:
        lines.append(f"Output: {look.ink.code(f'{before} → {shape}' if before else shape)}{_stale(model)}")
    counted = _parameters(part.get("parameters"))
    if counted:
        lines.append(f"Weights: {counted}")
    size = part.get("vocabulary") or part.get("classes")
    if isinstance(size, int) and size:
        lines.append(f"{'Classes' if part.get('classes') else 'Vocabulary'}: {size:,}")
    reason = (model.get("unknown") or {}).get(_place(path, name))
    if reason and not (shape and counted):
        lines.append(f"Not known yet: {reason}")
    return lines


def model_lines(look: Look) -> list[str]:
    """Return what is known of the whole network, for a list."""
    model = look.model
    if model is None:
        return []
    lines: list[str] = []
    counted, known = _parameters(model.get("parameters")), model.get("known_parameters")
    if counted:
        lines.append(f"Weights: {counted}{_stale(model)}")
    elif known:
        lines.append(f"Weights: {known:,} and those of parts that are not known yet{_stale(model)}")
    memory = (model.get("memory_bytes") or {}).get("total")
    if memory:
        lines.append(f"Memory while training: {bytes_text(memory)}, activations on top")
    rows = model.get("rows")
    if rows:
        lines.append(f"Rows: {rows_text(rows)}")
    steps = model.get("steps") or {}
    if steps.get("per_epoch"):
        lines.append(f"Steps: {steps['per_epoch']:,} an epoch, {steps['total']:,} at most")
    combined = shape_text((model.get("combiner") or {}).get("output"))
    if combined:
        lines.append(f"All inputs together: {look.ink.code(combined)}")
    return lines


def rows_text(rows: Mapping[str, int]) -> str:
    """Return the sides of a split with their rows."""
    return ", ".join(f"{count:,} {side}" for side, count in rows.items())


def bytes_text(size: int) -> str:
    """Return a size in the unit that a person would use."""
    amount = float(size)
    for unit in ("B", "KiB", "MiB"):
        if amount < 1024:
            return f"{amount:.0f} {unit}"
        amount /= 1024
    return f"{amount:.1f} GiB"


def _parameters(counts: Json | None) -> str:
    if not counts or counts.get("trainable") is None:
        return ""
    frozen = f" trainable, {counts['frozen']:,} frozen" if counts.get("frozen") else ""
    return f"{counts['trainable']:,}{frozen}" if counts["trainable"] or frozen else "none"


def _stale(model: Json) -> str:
    return " (before the last change; being computed)" if model.get("stale") else ""


def _place(path: str, name: str | None) -> str:
    return f"{'inputs' if path.startswith('input') else 'outputs'}.{name}" if name is not None else path
