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
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..delegate import find_hook, load_backend


def main(control: Mapping[str, Any]) -> None:
    """Call the hook and write down the answer; a build script may do anything, and is told about in one line."""
    try:
        # Byte code of the real backend serves the next hook; that of the source tree would lie in the source tree.
        sys.dont_write_bytecode = sys.dont_write_bytecode or bool(control["backend_path"])
        backend = load_backend(control["backend"], control["backend_path"], Path(control["source"]))
        hook = find_hook(backend, control["hook"])
        sys.dont_write_bytecode = True
        answer = {"value": _plain(None if hook is None else hook(*control["arguments"]))}
    except (Exception, SystemExit) as error:  # noqa: BLE001 - as above
        print(f"{type(error).__name__}: {error}", file=sys.stderr)  # noqa: T201 - beside the script's own words
        answer = {"failure": _summary(error)}
    Path(control["answer"]).write_text(json.dumps(answer), "utf-8")


def _plain(value: Any) -> Any:  # noqa: ANN401 - a backend may return what it likes
    """Return a string, or a list of strings: a hook that is missing requires nothing."""
    return value if isinstance(value, str) else list(value or ())


def _summary(error: BaseException) -> str:
    first = f"{error}".strip().partition("\n")[0]
    return f"{type(error).__name__}: {first}" if first else type(error).__name__
