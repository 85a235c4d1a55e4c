"""Files of tensors: any safetensors reader opens them, and what was written is what is read."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from declml.errors import UserProblem
from declml.training.tensor_file import read_state, read_tensors, write_tensors


def some_tensors() -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    flat = torch.randn(20)
    return {
        "scalar": torch.tensor(3.5, dtype=torch.float64),
        "empty": torch.zeros(0, 4),
        "view of a larger": flat[4:10].view(2, 3),
        "overlapping": flat[6:12],
        "transposed": torch.randn(3, 5).t(),
        "half": torch.randn(3).to(torch.bfloat16),
        "bytes": torch.arange(7, dtype=torch.uint8),
        "flags": torch.tensor([True, False, True]),
        "large": torch.randn(600, 600),
    }


def test_tensors_and_state_come_back_bit_for_bit(tmp_path: Path) -> None:
    tensors = some_tensors()
    state = {"a": [1, 2.5, None], "nan": float("nan"), "text": "Grüße 😀"}
    write_tensors(tmp_path / "x.safetensors", tensors, state)
    held = read_tensors(tmp_path / "x.safetensors")
    for reader in (held.tensors, load_file(tmp_path / "x.safetensors")):
        assert reader.keys() == tensors.keys()
        for name, tensor in tensors.items():
            assert reader[name].dtype == tensor.dtype
            assert torch.equal(reader[name], tensor)
    assert str(held.state) == str(state)
    assert read_state(tmp_path / "x.safetensors")["text"] == "Grüße 😀"
    assert [each.name for each in tmp_path.iterdir()] == ["x.safetensors"]


def test_same_content_same_bytes(tmp_path: Path) -> None:
    tensors = some_tensors()
    write_tensors(tmp_path / "a", tensors, {"x": 1})
    write_tensors(tmp_path / "b", dict(reversed(tensors.items())), {"x": 1})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_every_changed_byte_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "x"
    write_tensors(path, {"w": torch.arange(4.0)}, {"step": 3})
    whole = path.read_bytes()
    data = len(whole) - 16
    for place in range(data, len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 0x10
        path.write_bytes(damaged)
        with pytest.raises(UserProblem, match="checksum"):
            read_tensors(path)
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        with pytest.raises(UserProblem) as caught:
            read_tensors(path)
        assert caught.value.code == "checkpoint-corrupt"


def test_an_absent_folder_is_a_problem_not_a_traceback(tmp_path: Path) -> None:
    with pytest.raises(UserProblem) as caught:
        write_tensors(tmp_path / "nowhere" / "x", {}, {})
    assert caught.value.code == "cannot-write"
    assert stat.S_ISDIR(tmp_path.stat().st_mode)
