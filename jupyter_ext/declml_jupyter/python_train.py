"""`declml.train` as a notebook has it: the same act, with the live view."""

from __future__ import annotations

from typing import Any

from declml.run.config import ConfigLike, load_config, parse_overrides
from declml_jupyter.cell_magics import start
from declml_jupyter.notebook_run import NotebookRun
from declml_jupyter.shell import Shell
from declml_jupyter.telling import telling
from declml_jupyter.training import Job


class Train:
    """Takes the place of `declml.train` while the extension is loaded."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def __call__(  # noqa: PLR0913 - each keyword is one of `declml.train`
        self,
        config: ConfigLike,
        *,
        data: Any = None,
        dataset: Any = None,
        overrides: Any = (),
        runs: Any = None,
        resume: Any = None,
        experiment: str | None = None,
        again: bool = False,
        kernel: str | None = None,
        background: bool = False,
    ) -> NotebookRun:
        """Train a config and show it live; see `declml.train`.

        ``data`` is another word for ``dataset``. With ``background`` the run comes back at once, while it goes on.
        """
        with telling():
            job = Job(
                load_config(config),
                dataset=data if dataset is None else dataset,
                overrides=parse_overrides(overrides),
                runs=runs,
                resume=resume,
                experiment=experiment,
                again=again,
                kernel=kernel,
            )
            training = start(self._shell, job, name=None, background=background)
            if background:
                training.begin()
                return NotebookRun(None, training=training)
            return training.here()
