"""Calling a hook of the real backend with the stand-in: the other side of the process border.

Run by :mod:`.parent` in a process of its own, with a control file::

    {"path": [the import path, the stand-in's folder first], "child": this module,
     "backend": …, "backend_path": […], "source": …, "hook": …, "arguments": [what the hook is called with],
     "answer": a file that takes {"value": what the hook returned} or {"failure": one line}}

What is asked of the stand-in stands in ``notes.jsonl`` beside the control file (see :mod:`.torch._notes`).
"""

from __future__ import annotations

import json
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..real.backend import find_hook, load_backend


def main(control: Mapping[str, Any]) -> None:
    """Call the hook and write down the answer; a build script may do anything, and is told about in one line."""
    try:
        # Byte code of the real backend serves the next hook; that of the source tree would lie in the source tree.
        sys.dont_write_bytecode = sys.dont_write_bytecode or bool(control["backend_path"])
        _show_in_purelib(Path(control["path"][0]), Path(control["answer"]).with_name("purelib"))
        backend = load_backend(control["backend"], control["backend_path"], Path(control["source"]))
        hook = find_hook(backend, control["hook"])
        sys.dont_write_bytecode = True
        answer = {"value": _plain(None if hook is None else hook(*control["arguments"]))}
    except (Exception, SystemExit) as error:  # noqa: BLE001 - as above
        print(f"{type(error).__name__}: {error}", file=sys.stderr)  # noqa: T201 - beside the script's own words
        answer = {"failure": _summary(error)}
    Path(control["answer"]).write_text(json.dumps(answer), "utf-8")


def _show_in_purelib(stub: Path, folder: Path) -> None:
    """Let scripts that look for torch below ``sysconfig.get_paths()["purelib"]`` find the stand-in there.

    :param stub: the folder that the stand-in is imported from.
    :param folder: a new one, which takes links to what is there already.
    """
    scheme = sysconfig.get_default_scheme()
    places = (Path(sysconfig.get_path(key)) for key in ("platlib", "purelib"))
    links = {entry.name: entry for place in places for entry in place.glob("*")}
    try:
        folder.mkdir()
        for name, target in {**links, "torch": stub / "torch"}.items():
            (folder / name).symlink_to(target)
    except OSError:  # Windows: links need a right that people rarely have
        return
    schemes: Any = sysconfig._INSTALL_SCHEMES  # type: ignore[attr-defined]  # noqa: SLF001 - there is no other door
    place = str(folder).replace("{", "{{").replace("}", "}}")
    schemes[scheme] = {**schemes[scheme], "purelib": place, "platlib": place}


def _plain(value: Any) -> Any:  # noqa: ANN401 - a backend may return what it likes
    """Return a string, or a list of strings: a hook that is missing requires nothing."""
    return value if isinstance(value, str) else list(value or ())


def _summary(error: BaseException) -> str:
    first = f"{error}".strip().partition("\n")[0]
    return f"{type(error).__name__}: {first}" if first else type(error).__name__
