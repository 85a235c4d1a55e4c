"""What stays in the notebook when a run is over: a picture of its curves that every reader of notebooks can show."""

from __future__ import annotations

import base64
from typing import Any

from declml.errors import DeclmlError
from declml_jupyter.notebook_run import NotebookRun
from declml_jupyter.picture import picture_of_run
from declml_jupyter.wording import sentence


def picture_bundle(run: NotebookRun | None, problem: str = "") -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the output of a run that ended, and its metadata.

    PNG and text: an untrusted notebook shows no SVG, and a widget shows nothing without its kernel.
    """
    try:
        found = run.run if run is not None else None
    except DeclmlError:
        found = None
    if found is None:
        return {"text/plain": problem or "No run was begun."}, {}
    says = f"{sentence(found)}\n{problem}".strip()
    picture = picture_of_run(found)
    if picture is None:
        return {"text/plain": says}, {}
    bundle = {"image/png": base64.b64encode(picture.data).decode(), "text/plain": says}
    return bundle, {"image/png": {"width": picture.width, "height": picture.height, "alt": sentence(found)}}
