"""The files of the status page, read once from the package, and the policy that admits no other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from vr_exporter.web.kept import Document, document

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "require-trusted-types-for 'script'; trusted-types 'none'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The page's Content-Security-Policy: our own origin alone, and no text ever read as markup."""

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class File:
    """A file as it is sent."""

    content_type: str
    document: Document


def _files() -> Mapping[str, File]:
    folder = Path(__file__).parent / "files"
    return {
        path.name: File(_TYPES[path.suffix], document(path.read_bytes()))
        for path in sorted(folder.iterdir())
        if path.suffix in _TYPES
    }


FILES = _files()
"""Every file, by its name under `/status/`."""
