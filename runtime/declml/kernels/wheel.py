"""The wheel of the declml that runs here, built from its installed files: the same files give the same bytes.

It works for an editable install too, which has no wheel of its own, and needs no build tool.
"""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from collections.abc import Iterator
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from declml.errors import UserProblem

PACKAGES = ("declml", "declml_jupyter", "declml_lsp", "declml_schema")
"""Those of them that are here go into the wheel."""

_DISTRIBUTION = "declml"
_LABEXTENSION = "declml_jupyter/labextension"
_LABEXTENSION_GOES = "share/jupyter/labextensions/declml"
_MOMENT = (1980, 1, 1, 0, 0, 0)
_WHEEL = "Wheel-Version: 1.0\nGenerator: declml\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def build_wheel() -> tuple[str, bytes]:
    """Return the file name and the bytes of the wheel; a `UserProblem` where declml is not installed at all."""
    try:
        distribution = metadata.distribution(_DISTRIBUTION)
    except metadata.PackageNotFoundError as error:
        raise UserProblem(
            "kernel-no-wheel",
            "declml must be installed here to be sent; it only lies on the path.",
            hint="Install it, also editable: pip install -e .",
        ) from error
    stem = f"{_DISTRIBUTION}-{distribution.version}"
    files = dict(_package_files(f"{stem}.data/data/{_LABEXTENSION_GOES}"))
    about = f"{stem}.dist-info"
    files[f"{about}/METADATA"] = (distribution.read_text("METADATA") or "").encode()
    files[f"{about}/WHEEL"] = _WHEEL.encode()
    entry_points = distribution.read_text("entry_points.txt")
    if entry_points:
        files[f"{about}/entry_points.txt"] = entry_points.encode()
    lines = [f"{name},sha256={_digest(data)},{len(data)}" for name, data in sorted(files.items())]
    files[f"{about}/RECORD"] = "".join(f"{line}\n" for line in [*lines, f"{about}/RECORD,,"]).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(
            files, key=lambda each: (each.startswith(about), each)
        ):  # the metadata last, as is asked for
            entry = zipfile.ZipInfo(name, _MOMENT)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, files[name])
    return f"{stem}-py3-none-any.whl", buffer.getvalue()


def _package_files(labextension: str) -> Iterator[tuple[str, bytes]]:
    for package in PACKAGES:
        spec = find_spec(package)
        for place in (spec.submodule_search_locations or ()) if spec else ():
            for path in sorted(Path(place).rglob("*")):
                if not path.is_file() or "__pycache__" in path.parts or path.suffix in {".pyc", ".part"}:
                    continue
                name = f"{package}/{path.relative_to(place).as_posix()}"
                yield name, path.read_bytes()
                if name.startswith(f"{_LABEXTENSION}/"):
                    yield name.replace(_LABEXTENSION, labextension, 1), path.read_bytes()


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
