"""How much a language server takes on long configs: declml's, or yaml-language-server with the published schema.

By hand: ``python tests/benchmarks/language_server.py --server declml`` measures one server;
``--compare --yaml-server FOLDER`` measures both in turns (A B A B) and prints the ratios. CPU is that of all of the
server's processes, so that other work on the machine counts little; wall time counts it. Problems are waited for until
the server has found a mistake that is put in on purpose, so no server can answer before it has read its schema. A typed
character is a change and the completion asked for at the cursor; beside it stands what it costs with the new problems.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from config_documents import RIGHT, WRONG, document, feature_starts, key_places, places
from side_by_side import Comparison, tell_json
from stdio_server import Cost, Server

from declml_schema.check import check
from declml_schema.generate import GENERATED

YAML_SERVER = "yaml-language-server@1.25.0"
TYPED = ("encoder:", "preproc", "column: c")
OPTIONS = {"tabSize": 2, "insertSpaces": True}


@dataclass(frozen=True)
class Contestant:
    """How a server is started, and its settings by section."""

    name: str
    command: Sequence[str]
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass
class Measures:
    """What was measured of one contestant, by measure: costs, or MiB."""

    costs: dict[str, list[Cost]] = field(default_factory=dict[str, list[Cost]])
    memory: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    empty: list[int] = field(default_factory=list[int])

    def add(self, name: str, cost: Cost) -> None:
        self.costs.setdefault(name, []).append(cost)


def declml_server(*, asks_runtime: bool) -> Contestant:
    """Return our server; the runtime's processes, which know data and shapes, have no counterpart in the other one."""
    return Contestant("declml", [sys.executable, "-m", "declml_lsp"], {"declml": {"profile": asks_runtime}})


def yaml_server(folder: Path | None) -> Contestant:
    program = (folder or Path()) / "node_modules" / "yaml-language-server" / "bin" / "yaml-language-server"
    if folder is None or not program.is_file():
        place = folder or "FOLDER"
        how = f"npm install --prefix {place} {YAML_SERVER}"
        sys.exit(f"yaml-language-server is not there. Install it with `{how}` and give --yaml-server {place}.")
    settings = {
        "yaml": {
            "schemas": {(GENERATED / "config.schema.json").as_uri(): "*.yaml"},
            "schemaStore": {"enable": False},
            "validate": True,
            "hover": True,
            "completion": True,
            "format": {"enable": True},
            "maxItemsComputed": 100_000,
        }
    }
    return Contestant("yaml-language-server", ["node", str(program), "--stdio"], settings)


class Session:
    """One server with one document open."""

    def __init__(self, server: Server, uri: str, lines: list[str], measures: Measures) -> None:
        self._server = server
        self._uri = uri
        self._lines = list(lines)
        self._measures = measures
        self._version = 1

    def open(self) -> None:
        """Open the document with a mistake in it and wait until the server has found it."""
        text = "\n".join([*self._lines[:-1], WRONG]) + "\n"
        item = {"uri": self._uri, "languageId": "yaml", "version": 1, "text": text}
        self._timed("open to first problems", lambda: self._open(item))
        self._lines[-1] = WRONG

    def _open(self, item: Any) -> None:
        self._server.notify("textDocument/didOpen", {"textDocument": item})
        self._server.wait_for_problems(self._uri, some=True)

    def change(self, rounds: int) -> None:
        """Mend the mistake and make it again; each time wait until the server has seen it."""
        for number in range(2 * rounds):
            self._timed("change to problems", partial(self._write_last, (RIGHT, WRONG)[number % 2]))
        self._write_last(RIGHT)

    def _write_last(self, line: str) -> None:
        last = len(self._lines) - 1
        self._edit((last, 0), (last, len(self._lines[last])), line)
        self._server.wait_for_problems(self._uri, some=line == WRONG)
        self._lines[last] = line

    def ask(self, count: int, *, seed: int) -> None:
        """Ask for completions and hovers at places all over the document."""
        for place in places(self._lines, count, seed=seed):
            self._timed("completion", partial(self._completion, place))
        for place in key_places(self._lines, count, seed=seed):
            self._timed("hover", partial(self._at, "textDocument/hover", place))

    def type(self, count: int, *, seed: int) -> None:
        """Type new keys into features, character by character, with completions after each; then take them out."""
        random = Random(seed)
        starts = random.sample(feature_starts(self._lines), k=min(len(feature_starts(self._lines)), count))
        typed = 0
        for number, start in enumerate(starts):
            if typed >= count:
                break
            self._settled((start, len(self._lines[start])), (start, len(self._lines[start])), "\n    ")
            column = 4
            for character in TYPED[number % len(TYPED)]:
                at = (start + 1, column)
                column += 1
                self._type_one(character, at)
                typed += 1
            self._settled((start, len(self._lines[start])), (start + 1, column), "")

    def _type_one(self, character: str, at: tuple[int, int]) -> None:
        """Type a character: what it takes to the completion, and what to the problems that it brings."""
        cpu, begin = self._server.cpu_seconds(), time.perf_counter()
        self._edit(at, at, character)
        self._completion((at[0], at[1] + 1))
        answered, wall = self._server.cpu_seconds(), time.perf_counter() - begin
        self._measures.add("typed character", Cost(wall * 1000, (answered - cpu) * 1000))
        self._problems_are_in()
        wall = time.perf_counter() - begin
        self._measures.add("typed, problems in", Cost(wall * 1000, (self._server.cpu_seconds() - cpu) * 1000))

    def whole(self, rounds: int) -> None:
        """Ask for what concerns the whole document."""
        identifier = {"textDocument": {"uri": self._uri}}
        for method in ("documentSymbol", "foldingRange", "formatting"):
            params = identifier | ({"options": OPTIONS} if method == "formatting" else {})
            for _ in range(rounds):
                self._timed(method, partial(self._server.request, f"textDocument/{method}", params))

    def _timed(self, name: str, act: Callable[[], object]) -> None:
        self._measures.add(name, self._server.measure(act))

    def _completion(self, place: tuple[int, int]) -> None:
        answer = self._at("textDocument/completion", place)
        items = answer["items"] if isinstance(answer, dict) else answer or []
        self._measures.empty.append(not items)

    def _at(self, method: str, place: tuple[int, int]) -> Any:
        position = {"line": place[0], "character": place[1]}
        return self._server.request(method, {"textDocument": {"uri": self._uri}, "position": position})

    def _settled(self, start: tuple[int, int], end: tuple[int, int], text: str) -> None:
        self._edit(start, end, text)
        self._problems_are_in()

    def _problems_are_in(self) -> None:
        self._server.wait_for_problems(self._uri)

    def _edit(self, start: tuple[int, int], end: tuple[int, int], text: str) -> None:
        self._version += 1
        self._server.pass_over()
        area = {
            "start": {"line": start[0], "character": start[1]},
            "end": {"line": end[0], "character": end[1]},
        }
        self._server.notify(
            "textDocument/didChange",
            {
                "textDocument": {"uri": self._uri, "version": self._version},
                "contentChanges": [{"range": area, "text": text}],
            },
        )


def warm_up(contestant: Contestant, bytecode: str) -> None:
    """Start a server once and end it."""
    with tempfile.TemporaryDirectory() as folder, started(contestant, bytecode) as server:
        server.start(Path(folder).resolve())


def started(contestant: Contestant, bytecode: str) -> Server:
    # An installed package comes with its modules compiled; a checkout on a machine that keeps no bytecode does not.
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": bytecode, "PYTHONDONTWRITEBYTECODE": ""}
    return Server(contestant.command, settings=contestant.settings, environment=environment)


def measure(contestant: Contestant, lines: int, measures: Measures, options: argparse.Namespace, bytecode: str) -> None:
    """Run one session of a contestant on one document, from its start to its end."""
    text = document(lines, seed=options.seed)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder).resolve() / "measured.declml.yaml"
        path.write_text("\n".join(text) + "\n")
        begin = time.perf_counter()
        with started(contestant, bytecode) as server:
            server.start(path.parent)
            measures.add("start", Cost((time.perf_counter() - begin) * 1000, server.cpu_seconds() * 1000))
            session = Session(server, path.as_uri(), text, measures)
            session.open()
            measures.memory.setdefault("memory after opening", []).append(server.memory_mib()[0])
            session.change(options.rounds)
            session.ask(options.requests, seed=options.seed)
            session.type(options.requests, seed=options.seed)
            session.whole(options.rounds)
            measures.memory.setdefault("memory at its peak", []).append(server.memory_mib()[1])


ROWS = (
    "start", "open to first problems", "change to problems", "completion", "typed character",
    "typed, problems in", "hover", "documentSymbol", "foldingRange", "formatting",
)  # fmt: skip
SHOWN = (("cpu_ms", 0.5), ("cpu_ms", 0.95), ("wall_ms", 0.5), ("wall_ms", 0.95))


def share(values: Sequence[float], part: float) -> float:
    """Return the value below which ``part`` of the values lie; of few values the nearest."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(part * (len(ordered) - 1)))]


def tell(measured: Mapping[str, Measures], lines: int) -> None:
    """Print a table; with two contestants, how many times less the first one takes."""
    first, *others = measured
    columns = [f"{name.removesuffix('_ms')} p{round(part * 100)}" for name, part in SHOWN]
    print(f"\n{lines:,} lines  [ms]\n{'':<26}" + "".join(f"{column:>28}" for column in columns))
    print(f"{'':<26}" + "".join(f"{'  '.join(name[:11] for name in measured):>28}" for _ in columns))
    for row in ROWS:
        cells: list[str] = []
        for name, part in SHOWN:
            numbers = [share([getattr(cost, name) for cost in each.costs[row]], part) for each in measured.values()]
            ratio = f"{numbers[1] / max(numbers[0], 1e-3):.1f}x" if others else ""
            cells.append("  ".join(f"{number:,.1f}" for number in numbers) + f"  {ratio}")
        print(f"{row:<26}" + "".join(f"{cell:>28}" for cell in cells))
    for row in measured[first].memory:
        print(f"{row:<26}{'  '.join(f'{max(each.memory[row]):,.0f}' for each in measured.values()):>28} MiB")
    empty = "  ".join(f"{sum(each.empty)} of {len(each.empty)}" for each in measured.values())
    print(f"{'empty completions':<26}{empty:>28}")


def comparisons_of(measured: Mapping[str, Measures], lines: int) -> list[Comparison]:
    """Return what was measured in the form that all benchmarks print, the first contestant the reference."""
    return [
        Comparison(
            f"{row}, {lines:,} lines",
            f"{unit.removesuffix('_ms')} ms",
            {name: [getattr(cost, unit) for cost in each.costs[row]] for name, each in measured.items()},
        )
        for row in ROWS
        for unit in ("cpu_ms", "wall_ms")
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", choices=("declml", "yaml"), default="declml")
    parser.add_argument("--compare", action="store_true", help="both servers in turns, and the ratios")
    parser.add_argument("--yaml-server", type=Path, metavar="FOLDER", help=f"where npm installed {YAML_SERVER}")
    parser.add_argument("--lines", type=int, nargs="+", default=[100, 1000, 5000])
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=10, help="of what is measured on the whole document")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--runtime", action="store_true", help="with declml's processes for data and shapes")
    parser.add_argument("--quick", action="store_true", help="few requests on the shortest document, to try the script")
    options = parser.parse_args()
    if options.quick:
        options.lines, options.requests, options.rounds = [min(options.lines)], 12, 2
    both = options.compare
    contestants = [declml_server(asks_runtime=options.runtime)] if both or options.server == "declml" else []
    contestants += [yaml_server(options.yaml_server)] if both or options.server == "yaml" else []
    told: list[Comparison] = []
    with tempfile.TemporaryDirectory() as bytecode:
        for lines in options.lines:
            assert check("\n".join(document(lines, seed=options.seed))).problems == []
            measured = {each.name: Measures() for each in contestants}
            for each in contestants:  # a first start reads from the disk and compiles; it does not count
                warm_up(each, bytecode)
            for _ in range(2 if both else 1):
                for each in contestants:
                    measure(each, lines, measured[each.name], options, bytecode)
            tell(measured, lines)
            told += comparisons_of(measured, lines)
    tell_json(told, "declml", "pygls", "lsprotocol", requests=options.requests, yaml_language_server=YAML_SERVER)


if __name__ == "__main__":
    main()
