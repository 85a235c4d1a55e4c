"""Where the training processes of the end-to-end tests come from: forked by a parent that has imported everything.

Importing torch is most of what a small training costs. What a test promises about a run is the same for a forked
process; those that promise something about starting one, or that hold only between processes of different origins,
take place in `cold`.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

import pytest

import declml.components
from declml.kernels.start import environment_of
from declml.kernels.warm import WARM_PARENT, WarmParent

LATE = [
    "numpy.ma",
    "torch.optim",
    "transformers.models.bert.modeling_bert",
    "transformers.models.bert.tokenization_bert",
]
"""What a training imports on its way, beside the files of its components."""


def start_warm_parent() -> WarmParent:
    """Return a parent that has imported all that any config needs and computed nothing."""
    components = pkgutil.walk_packages(declml.components.__path__, f"{declml.components.__name__}.")
    late = [name for name in LATE if find_spec(name.partition(".")[0])]
    modules = ["declml.run.execute", *(each.name for each in components), *late]
    return WarmParent(*modules, environment=environment_of({}))


@contextmanager
def cold() -> Iterator[None]:
    """Start processes as a user's are: each imports for itself."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(WARM_PARENT, raising=False)
        yield
