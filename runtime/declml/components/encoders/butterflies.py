"""The one kernel that boft's layers need, in plain torch: the library would compile it for CUDA, or do without.

Without it there would be one turn alone, whatever the config says, and a machine with a compiler would train to other
numbers than one that has none.
"""

from __future__ import annotations

from torch import Tensor


class _BlockDiagonals:
    """Puts blocks along the diagonals of matrices, and takes their gradients from there."""

    def forward(self, blocks: Tensor) -> tuple[Tensor]:
        """Blocks ``(turn, block, width, width)`` -> ``(turn, block * width, block * width)``."""
        turns, count, width, _ = blocks.shape
        whole = blocks.new_zeros(turns, count, width, count, width)
        whole.diagonal(dim1=1, dim2=3).copy_(blocks.permute(0, 2, 3, 1))
        return (whole.view(turns, count * width, count * width),)

    def backward(self, gradient: Tensor, blocks: Tensor) -> tuple[Tensor]:
        """Return the gradient of the blocks, as `forward` takes them."""
        turns, count, width, _ = blocks.shape
        inside = gradient.reshape(turns, count, width, count, width).diagonal(dim1=1, dim2=3)
        return (inside.permute(0, 3, 1, 2).contiguous(),)


def use_plain_butterflies() -> None:
    """Let the library use this kernel in the place of its own."""
    from peft.tuners.boft import layer  # costs seconds: only where there is such an adapter

    if not isinstance(getattr(layer, "_FBD_CUDA", None), _BlockDiagonals):
        layer._FBD_CUDA = _BlockDiagonals()  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue] - it offers no other way
