"""From a choice to a kernel that answers, however it is reached; None means a process without a kernel."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TypeAlias

from declml.errors import UserProblem
from declml.kernels.channel import Channel, ChannelLost
from declml.kernels.choice import Choice

OnNotice: TypeAlias = Callable[[str], None]


def _silent(_notice: str) -> None:
    """Tell nobody."""


@contextmanager
def reached(choice: Choice, on_notice: OnNotice = _silent) -> Generator[Channel | None]:
    """Reach the kernel of a choice for as long as the context lasts; what runs there goes on afterwards.

    Unless it was asked for by name, a warm kernel that cannot be had is no reason not to train: ``on_notice`` is
    told, and the answer is None. ``on_notice`` also hears of reconnecting.
    """
    try:
        channel = _reach(choice, on_notice)
    except (UserProblem, ChannelLost) as error:
        if choice.asked:
            raise
        on_notice(f"Training without a warm kernel. {error}")
        channel = None
    try:
        yield channel
    finally:
        if channel is not None:
            channel.close()


def _reach(choice: Choice, on_notice: OnNotice) -> Channel | None:
    def lost() -> None:
        on_notice(f"The kernel {choice.text} died, most often because memory ran out. The run goes on without it.")

    # Imported here: whoever trains on one kernel need not load what reaches the others.
    if choice.kind == "warm":
        from declml.kernels.warm_kernel import can_keep_warm, warm_kernel

        return warm_kernel(lost) if can_keep_warm() else None
    if choice.kind == "spec":
        from declml.kernels.named_kernel import named_kernel

        return named_kernel(choice.text, lost)
    return None
