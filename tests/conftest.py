"""What every test may ask for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# Small tensors on two shared cores: spinning OpenMP threads cost 2 to 22 times the work itself.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

# The same examples on every machine: a check that fails by chance is found when examples are drawn anew on purpose,
# with `pytest --hypothesis-profile=default`.
settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real data sets that lies beside the checkout, or skip where it is absent."""
    folder = Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the real data sets are not here: this test reads ../shared/data")
    return folder


@pytest.fixture(scope="session", autouse=True)
def _no_kernel_of_the_users(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep tests from the kernels of whoever runs them: those that want one ask for it by name."""
    os.environ["DECLML_KERNEL"] = "local"
    os.environ["DECLML_TRUST"] = os.sep  # the plug-ins of the tests are our own
    os.environ["DECLML_KERNELS"] = str(tmp_path_factory.mktemp("kernels"))
    os.environ["XDG_CONFIG_HOME"] = str(tmp_path_factory.mktemp("config"))
