"""What a user may set: how loud each rule is, where the runs are, what is compared with, which hints are shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

SECTION = "declml"
LEVELS = ("off", "hint", "information", "warning", "error")
HINTS = ("defaults", "shapes", "split")


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one workspace folder.

    ``severity`` maps a problem's code to one of `LEVELS`. ``compare`` is ``last`` (the last trained run), ``head`` (the
    file at git HEAD) or a run's id. ``python`` is the interpreter that trains and profiles; empty means the server's
    own. ``profile`` says whether the runtime is asked about the data and the model. ``runs`` is the folder of the runs,
    empty for the usual place.
    """

    severity: Mapping[str, str] = field(default_factory=dict[str, str])
    compare: str = "last"
    runs: str = ""
    python: str = ""
    hints: frozenset[str] = frozenset(HINTS)
    code_lens: bool = True
    profile: bool = True


def read_settings(value: Any) -> tuple[Settings, list[str]]:
    """Return the settings that an editor sent as JSON, and a sentence for each that was not understood."""
    settings, complaints = Settings(), list[str]()
    if not isinstance(value, Mapping):
        return settings, complaints if value is None else ["The settings must be a mapping."]
    for name, given in value.items():
        reader = _READERS.get(str(name))
        if reader is None:
            complaints.append(f"Unknown setting 'declml.{name}'. Known: {', '.join(_READERS)}.")
            continue
        try:
            settings = reader(settings, given)
        except ValueError as error:
            complaints.append(f"declml.{name} {error}.")
    return settings, complaints


def _severity(settings: Settings, value: Any) -> Settings:
    if not isinstance(value, Mapping):
        raise ValueError("must map problem codes to levels")  # noqa: TRY004 - told to the user, like any wrong value
    wrong = [f"{code}: {level}" for code, level in value.items() if level not in LEVELS]
    if wrong:
        raise ValueError(f"must use the levels {', '.join(LEVELS)}; got {', '.join(wrong)}")
    return replace(settings, severity={str(code): str(level) for code, level in value.items()})


def _hints(settings: Settings, value: Any) -> Settings:
    if isinstance(value, bool):
        return replace(settings, hints=frozenset(HINTS if value else ()))
    if isinstance(value, Mapping) and all(name in HINTS and isinstance(on, bool) for name, on in value.items()):
        return replace(settings, hints=frozenset(name for name in HINTS if value.get(name, True)))
    raise ValueError(f"must be true, false, or a mapping of {', '.join(HINTS)} to true or false")


def _text(name: str) -> Any:
    def read(settings: Settings, value: Any) -> Settings:
        if value is not None and not isinstance(value, str):
            raise ValueError(f"must be text; got {value!r}")
        return replace(settings, **{name: value or getattr(Settings(), name)})

    return read


def _switch(name: str) -> Any:
    def read(settings: Settings, value: Any) -> Settings:
        if not isinstance(value, bool):
            raise ValueError(f"must be true or false; got {value!r}")  # noqa: TRY004 - told to the user
        return replace(settings, **{name: value})

    return read


_READERS: dict[str, Any] = {
    "severity": _severity,
    "inlayHints": _hints,
    "compare": _text("compare"),
    "runs": _text("runs"),
    "python": _text("python"),
    "codeLens": _switch("code_lens"),
    "profile": _switch("profile"),
}
