"""Preparing a child process that sees the stand-in torch, before the real backend is loaded.

The stand-in records questions in ``notes.jsonl`` in its folder (see :mod:`.torch._notes`).
"""

from __future__ import annotations

import os
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def prepare(control: Mapping[str, Any]) -> None:
    """Make the stand-in visible to scripts that look for torch without importing it."""
    _show_in_purelib(Path(control["path"][0]), Path(os.environ["RUNTIME_BACKEND_STUB"], "purelib"))


def _show_in_purelib(stub: Path, folder: Path) -> None:
    """Make scripts find the stand-in that look for torch in ``sysconfig.get_paths()["purelib"]``.

    :param stub: the folder that the stand-in is imported from.
    :param folder: a new folder, which gets links to the content of the current one.
    """
    scheme = sysconfig.get_default_scheme()
    places = (Path(sysconfig.get_path(key)) for key in ("platlib", "purelib"))
    links = {entry.name: entry for place in places for entry in place.glob("*")}
    try:
        folder.mkdir()
        for name, target in {**links, "torch": stub / "torch"}.items():
            (folder / name).symlink_to(target)
    except OSError:  # Windows: links need a permission that people rarely have
        return
    schemes: Any = sysconfig._INSTALL_SCHEMES  # type: ignore[attr-defined]  # noqa: SLF001 - there is no public way
    place = str(folder).replace("{", "{{").replace("}", "}}")
    schemes[scheme] = {**schemes[scheme], "purelib": place, "platlib": place}
