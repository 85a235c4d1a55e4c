"""Every test in this folder starts real training processes: seconds each, so `make unit` leaves them out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from declml.kernels.warm import WARM_PARENT, WarmParent

from . import warm


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def warm_parent() -> Iterator[WarmParent]:
    parent = warm.start_warm_parent()
    yield parent
    parent.close()


@pytest.fixture(scope="package", autouse=True)
def _forked_processes(warm_parent: WarmParent) -> Iterator[None]:
    os.environ[WARM_PARENT] = warm_parent.address
    yield
    del os.environ[WARM_PARENT]


@pytest.fixture
def cold() -> Iterator[None]:
    """Let a test start its processes as a user's are started."""
    with warm.cold():
        yield
