"""A cell as a config, and the cells that are awaited."""

from __future__ import annotations

import pytest

from declml_jupyter.cells import awaited, config_of


def test_the_lines_of_the_config_are_those_of_the_cell() -> None:
    cell = "input_features: []\ntrainer: {}\n"
    assert config_of(cell).text.splitlines()[1:] == cell.splitlines()


def test_a_training_cell_is_awaited() -> None:
    lines = ["%%declml train --data df\n", "name: 'a'\n", "b: \\n\n"]
    code = "".join(awaited(lines))
    assert code.startswith("await get_ipython().run_cell_magic('declml', ")
    asked: list[tuple[str, str, str]] = []
    call = code.replace("await get_ipython().run_cell_magic", "take")
    exec(call, {"take": lambda *given: asked.append(given)})
    assert asked == [("declml", "train --data df", "name: 'a'\nb: \\n\n")]


@pytest.mark.parametrize(
    "lines",
    [[], ["x = 1\n"], ["%%declml check\n", "a: 1\n"], ["%%declml train --background\n"], ["%%time\n"]],
)
def test_other_cells_stay_as_they_are(lines: list[str]) -> None:
    assert awaited(lines) == lines
