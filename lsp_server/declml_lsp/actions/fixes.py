"""The ways out that problems bring themselves, all of them at once, and the comment that silences a warning."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lsprotocol import types

from declml_lsp.actions.proposal import Proposal, Request
from declml_schema.problems import Edit, Position, Problem, Severity, Span

FIX_ALL = types.CodeActionKind.SourceFixAll


def fixes(request: Request, problems: Sequence[Problem]) -> Iterator[Proposal]:
    """Yield a proposal for each problem here that has a fix, and one to ignore each warning."""
    for index, problem in enumerate(problems):
        if not request.touches(problem.span):
            continue
        fix = problem.fix
        if fix is not None:
            yield Proposal(
                f"fix:{problem.code}:{index}", fix.title, types.CodeActionKind.QuickFix, lambda fix=fix: fix.edits,
                problem, preferred=True,
            )  # fmt: skip
        if problem.severity is not Severity.ERROR and problem.code not in ("unused-ignore", "ignore-error"):
            yield Proposal(
                f"ignore:{problem.code}:{problem.span.start.line}",
                f"Ignore '{problem.code}' on this line",
                types.CodeActionKind.QuickFix,
                lambda problem=problem: [_ignore(request, problem)],
                problem,
            )


def fix_all(problems: Sequence[Problem]) -> Iterator[Proposal]:
    """Yield the proposal that applies every fix of a warning: they change how a text is written, not what it means."""
    safe = [each for each in problems if each.fix is not None and each.severity is not Severity.ERROR]
    edits = apart([edit for each in safe if each.fix is not None for edit in each.fix.edits])
    if edits:
        count = f"all {len(safe)} warnings" if len(safe) > 1 else "the warning"
        yield Proposal("fix-all", f"Fix {count} that can be fixed safely", FIX_ALL, lambda: edits)


def apart(edits: Sequence[Edit]) -> list[Edit]:
    """Return the edits that do not overlap an earlier one, in the order of the text."""
    answer: list[Edit] = []
    for edit in sorted(edits, key=lambda each: each.span):
        if edit in answer:
            continue
        if not answer or answer[-1].span.end <= edit.span.start:
            answer.append(edit)
    return answer


def _ignore(request: Request, problem: Problem) -> Edit:
    """Return the edit that adds the code to the comment at the end of the line, or writes one."""
    number = problem.span.start.line
    line = request.snapshot.text.line(number)
    mark = "# declml: ignore["
    start = line.find(mark)
    if start >= 0:
        place = Position(number, start + len(mark))
        return Edit(Span(place, place), f"{problem.code}, ")
    end = Position(number, len(line.rstrip()))
    return Edit(Span(end, Position(number, len(line))), f"  {mark}{problem.code}]")
