"""From lines to the tree where one list item, or one section, is not plain or is still being typed.

Only that part goes through the YAML parser, and is mended there; all other lines are read as `compose_lines` reads
them. It exists for speed alone: a long config is parsed after every typed character, and the parser would read all of
it once for each way to mend it. Where the part cannot be told from the rest with certainty, `compose_part` gives up.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from declml_schema.compose import Composer
from declml_schema.compose_lines import compose_lines
from declml_schema.parser import TOO_DEEP, YamlFault, find_fault
from declml_schema.placement import Shifts
from declml_schema.problems import ProblemList
from declml_schema.source_text import Source
from declml_schema.tree import Entry, MappingNode, Node, Scalar, SequenceNode

_KEY_ALONE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}: *(?:#.*)?\Z")
_DASH = re.compile(r" *- +")
_DOCUMENT = ("---", "...", "%")
_EARLIER = "what-stands-before: 0"


@dataclass
class _Part:
    """The lines from ``start`` to ``end``: items of the list below the key in line ``header``, or a section (-1).

    ``column`` is where what follows starts. ``is_later`` is whether other items or sections stand before it. ``closed``
    is whether the text that `find` saw last ends there as it began: in the same list, or at the top level.
    """

    start: int
    end: int
    header: int
    column: int
    is_later: bool = False
    closed: bool = False

    def text(self, lines: list[str], end: int | None = None) -> str:
        """Return the text from the part on; before it empty lines, and one that opens what the part stands in."""
        before = [""] * self.start
        if self.header >= 0:
            before[self.header] = lines[self.header]
        elif self.is_later and self.start:
            before[-1] = _EARLIER
        last = [""] if end is not None and end < len(lines) else []  # so that its last line ends as it does there
        return "\n".join([*before, *lines[self.start : end], *last])

    def find(self, lines: list[str], changed: Collection[int]) -> YamlFault | None:
        """Return the first fault of a text; what is neither in ``changed`` nor in this part is known to be right.

        Line numbers are those of the whole text; of what the parser says of blocks that are open, only columns are.
        """
        # Without its first line, what is below it would belong to what stands before, which `text` leaves out.
        first = self.start + 1 if self.is_later else self.start
        if not all(first <= each < self.end for each in changed):
            self.closed = False
            return find_fault("\n".join(lines))
        self.closed = self.end == len(lines)
        return find_fault(self.text(lines), is_enough=self._is_past)

    def _is_past(self, event: Any, depth: int) -> bool:
        mark = event.start_mark
        if mark.line == self.end and mark.column == self.column and depth == (2 if self.column else 1):
            self.closed = True
        return self.closed and mark.line >= self.end


def compose_part(source: Source, stopped: int, problems: ProblemList) -> tuple[Node, frozenset[int]] | None:
    """Return the tree of ``source`` and the lines that were not understood, with their problems added; None gives up.

    ``stopped`` is the line at which `compose_lines` did.
    """
    part = _part(source.lines, stopped)
    if any(line.startswith(_DOCUMENT) for line in source.lines[part.start : part.end]):
        return None
    plain = [*source.lines[: part.start], *[""] * (part.end - part.start), *source.lines[part.end :]]
    root = compose_lines("\n".join(plain), plain)
    if not isinstance(root, MappingNode):
        return None
    told = ProblemList()
    composed = _compose(source, part, told)
    if composed is None or not _put(root, composed[0], part):
        return None
    for problem in told.problems:
        problems.add(problem)
    return root, composed[1]


def _compose(source: Source, part: _Part, problems: ProblemList) -> tuple[Node | None, frozenset[int]] | None:
    """Return the tree of the part's text and the lines that were not understood; None where it is no part."""
    lines, broken = source.lines, source.broken
    inserted: dict[int, tuple[int, int]] = {}
    fault = part.find(lines, ())
    if fault is not None:
        # Imported here: most texts are whole, and the ways to mend one are a lot of code.
        from declml_schema.repair import repair

        mended = repair(source, fault, problems, find=part.find)
        lines, broken, inserted = mended.lines, broken | mended.broken, mended.inserted
        if fault.problem == TOO_DEEP or part.find(lines, inserted) is not None:
            return None
    composer = Composer(lines)
    if not part.closed or composer.run(part.text(lines, part.end)) is not None:
        return None
    shifts = Shifts(inserted, source.lines)
    found = composer.problems
    if fault is not None or shifts.is_needed(composer.root, found):
        shifts.move_tree(composer.root)
        found = [shifts.move_problem(problem) for problem in found]
    for problem in found:
        if problem.span.start.line not in broken:
            problems.add(problem)
    return composer.root, broken


def _part(lines: list[str], stopped: int) -> _Part:
    """Return the list item around a line, or the whole section where that is no list of items in a row.

    Where the line is the first one of an item or a section, the one before is added: it may have to take in the rest.
    """
    header = _section_before(lines, stopped)
    end = stopped + 1
    while end < len(lines) and not _begins_section(lines[end]):
        end += 1
    first = next((each for each in range(header + 1, stopped + 1) if _is_content(lines[each])), None)
    dash = _DASH.match(lines[first]) if first is not None else None
    if first is None or dash is None or not _KEY_ALONE.match(lines[header]):
        if header == stopped > 0:
            header = _section_before(lines, header - 1)
        return _Part(header, end, -1, 0, is_later=any(map(_is_content, lines[:header])))
    lead = lines[first].index("-")
    items = [
        each for each in range(first, end) if lines[each].startswith("- ", lead) and not lines[each][:lead].strip()
    ]
    before = [each for each in items if each <= stopped]
    start = before[-2] if before[-1] == stopped and len(before) > 1 else before[-1]
    after = next((each for each in items if each > stopped), end)
    found = _DASH.match(lines[after]) if after < end else None
    return _Part(start, after, header, found.end() if found is not None else 0, is_later=start > first)


def _section_before(lines: list[str], number: int) -> int:
    """Return the line at or above ``number`` that begins a section, else the first one."""
    while number > 0 and not _begins_section(lines[number]):
        number -= 1
    return number


def _begins_section(line: str) -> bool:
    return bool(line) and line[0] not in " #-"


def _is_content(line: str) -> bool:
    return bool(line.strip()) and line.lstrip(" ")[0] != "#"


def _put(root: MappingNode, part: Node | None, place: _Part) -> bool:
    """Put the tree of the part into that of the rest; return whether that was possible."""
    if place.header < 0:
        done = _put_entries(root, part, is_later=place.is_later)
    else:
        entry = next((each for each in root.entries if each.key.start_line == place.header), None)
        done = entry is not None and _put_items(entry, part)
    if root.entries:
        root.end_spot = root.entries[-1].value.end_spot
    return done


def _put_entries(root: MappingNode, part: Node | None, *, is_later: bool) -> bool:
    if not is_later and (part is None or (isinstance(part, Scalar) and part.style is None and not part.text)):
        return True
    if not isinstance(part, MappingNode) or part.flow or part.anchor or part.tag or part.start_column:
        return False
    found = part.entries[1:] if is_later else part.entries
    names = {each.key.text for each in root.entries}
    if not names.isdisjoint(each.key.text for each in found) or not part.simple:
        return False
    if not is_later:
        root.start_spot = part.start_spot
    index = sum(each.key.start_line < found[0].key.start_line for each in root.entries) if found else 0
    root.entries[index:index] = found
    return True


def _put_items(entry: Entry, part: Node | None) -> bool:
    found = part.entries[0].value if isinstance(part, MappingNode) and len(part.entries) == 1 else None
    if not isinstance(found, SequenceNode) or found.flow or found.anchor or found.tag:
        return False
    rest = entry.value
    if isinstance(rest, SequenceNode):
        index = sum(each.start_line < found.start_line for each in rest.items)
        if index == 0:
            rest.start_spot = found.start_spot
        rest.items[index:index] = found.items
        rest.end_spot = rest.items[-1].end_spot
    elif isinstance(rest, Scalar) and not rest.text:
        entry.value = found
    else:
        return False
    return True
