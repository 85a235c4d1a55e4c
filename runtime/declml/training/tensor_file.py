"""One file of named tensors with a JSON state: the safetensors format, written atomically and checked when read.

The header's metadata holds the state and the SHA-256 of all tensor bytes: a cut or changed file is never believed.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import safetensors
import torch
from torch import Tensor

from declml.errors import UserProblem

_NAMES = {
    torch.float64: "F64",
    torch.float32: "F32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.int64: "I64",
    torch.int32: "I32",
    torch.int16: "I16",
    torch.int8: "I8",
    torch.uint8: "U8",
    torch.bool: "BOOL",
}
_FULL = (errno.ENOSPC, errno.EDQUOT)
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class TensorFile:
    """What a file held: tensors by name, on the CPU, and the state written with them."""

    tensors: Mapping[str, Tensor]
    state: Mapping[str, Any]


def write_tensors(path: Path, tensors: Mapping[str, Tensor], state: Mapping[str, Any]) -> None:
    """Write ``tensors`` and ``state`` to ``path``: whoever looks sees the old file or the new one, whole.

    Any safetensors reader can open it. The bytes depend on the arguments alone. Raises `UserProblem` where the disk is
    full or the folder may not be written; the old file then stands.
    """
    temporary = path.with_name(f".{path.name}.part")
    try:
        with temporary.open("wb") as file:
            _write(file, tensors, state)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise cannot_write(path, error) from error


def _write(file: BinaryIO, tensors: Mapping[str, Tensor], state: Mapping[str, Any]) -> None:
    # Wide types first keeps every tensor aligned to its own size.
    order = sorted(tensors, key=lambda name: (-tensors[name].element_size(), name))
    entries: dict[str, Any] = {}
    offset = 0
    for name in order:
        size = tensors[name].numel() * tensors[name].element_size()
        shape = list(tensors[name].shape)
        entries[name] = {"dtype": _NAMES[tensors[name].dtype], "shape": shape, "data_offsets": [offset, offset + size]}
        offset += size
    file.write(_header(entries, state, "0" * 64))
    checksum = hashlib.sha256()
    for name in order:
        for chunk in _chunks(tensors[name]):
            checksum.update(chunk)
            file.write(chunk)
    file.seek(0)
    file.write(_header(entries, state, checksum.hexdigest()))  # of the same length: only the checksum differs


def _header(entries: Mapping[str, Any], state: Mapping[str, Any], checksum: str) -> bytes:
    metadata = {"format": "pt", "sha256": checksum, "state": json.dumps(state)}
    text = json.dumps({"__metadata__": metadata, **entries}).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text


def _chunks(tensor: Tensor) -> list[memoryview]:
    flat = tensor.detach().cpu().contiguous().reshape(-1)
    if flat.numel() == 0:
        return []
    data = flat.view(torch.uint8).numpy().data  # the tensor's own memory, not a copy
    return [data[begin : begin + _CHUNK] for begin in range(0, len(data), _CHUNK)]


def _sync_folder(folder: Path) -> None:
    with suppress(OSError):  # not every file system can; the rename itself is done
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def cannot_write(path: Path, error: OSError) -> UserProblem:
    """Return the problem of a checkpoint that could not be written."""
    if error.errno in _FULL:
        return UserProblem(
            "disk-full",
            f"The disk of '{path.parent}' must have room for the checkpoint '{path.name}'; it is full.",
            hint="Free some space and run again with --resume: the checkpoint before this one is whole.",
        )
    return UserProblem(
        "cannot-write",
        f"The folder '{path.parent}' must be writable for the checkpoint '{path.name}'; got {error.strerror or error}.",
    )


def read_tensors(path: Path) -> TensorFile:
    """Return what `write_tensors` wrote. Raises `UserProblem` when the file is absent, cut, changed or not ours."""
    state, checksum = _read_header(path)
    try:
        if _checksum(path) != checksum:
            raise _corrupt(path, "its bytes do not match its checksum")
        with safetensors.safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
    except (OSError, safetensors.SafetensorError) as error:
        raise _corrupt(path, str(error)) from error
    return TensorFile(tensors, state)


def read_state(path: Path) -> Mapping[str, Any]:
    """Return the state alone, without reading the tensors or checking them."""
    return _read_header(path)[0]


def _read_header(path: Path) -> tuple[Mapping[str, Any], str]:
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if length > path.stat().st_size:
                raise _corrupt(path, "it is cut short")
            header = json.loads(file.read(length))
        metadata = header["__metadata__"]
        return json.loads(metadata["state"]), metadata["sha256"]
    except OSError as error:
        raise _corrupt(path, error.strerror or str(error)) from error
    except (ValueError, KeyError, TypeError) as error:
        raise _corrupt(path, "its header is not that of a checkpoint") from error


def _checksum(path: Path) -> str:
    checksum = hashlib.sha256()
    with path.open("rb") as file:
        file.seek(int.from_bytes(file.read(8), "little"), os.SEEK_CUR)
        while chunk := file.read(_CHUNK):
            checksum.update(chunk)
    return checksum.hexdigest()


def _corrupt(path: Path, reason: str) -> UserProblem:
    return UserProblem(
        "checkpoint-corrupt",
        f"The checkpoint '{path.name}' must be whole and unchanged; got a file that cannot be used: {reason}.",
        hint=f"Delete '{path}' to train from the start.",
    )
