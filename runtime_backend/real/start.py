"""The start of the child: a script with the arguments ``SCRIPT HOOK FOLDER`` of pyproject-hooks' own command.

``FOLDER/control.json`` has the surroundings of the real backend (see :mod:`.calling`). They are set first, then SCRIPT
runs as under pyproject-hooks. The parent sends its complete import path: the frontend may have changed it in ways that
a new interpreter does not repeat.

The shim is not imported by its name, since the folder of a vendored copy need not be on the import path.
"""

from __future__ import annotations

import gc
import importlib
import importlib.util
import json
import os
import runpy
import sys
from contextlib import AbstractContextManager, nullcontext
from types import ModuleType
from typing import Any


def main() -> None:  # pragma: no cover - only in a child, where coverage is not measured
    """Set the surroundings of the real backend, and call the hook."""
    script, hook, folder = sys.argv[1:]
    with open(os.path.join(folder, "control.json"), encoding="utf-8") as file:  # noqa: PTH118, PTH123 - no pathlib yet
        control = json.load(file)
    shim = load_shim(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # noqa: PTH100, PTH120 - no pathlib yet
    set_path(control)
    child = importlib.import_module(f"{shim.__name__}.real.child")
    child.begin(control, folder)
    if control["preparation"]:
        importlib.import_module(f"{shim.__name__}.{control['preparation']}").prepare(control)
    sys.argv[:] = [script, hook, folder]
    with child.ending_with(control["parent"]), storing_apart(control, shim.__name__):
        runpy.run_path(script, run_name="__main__")
    gc.freeze()  # else the interpreter collects garbage in all modules three times before it exits


def load_shim(folder: str) -> ModuleType:
    """Import the package that contains this file."""
    place = os.path.join(folder, "__init__.py")  # noqa: PTH118 - no pathlib yet
    spec: Any = importlib.util.spec_from_file_location("runtime_backend", place, submodule_search_locations=[folder])
    package = importlib.util.module_from_spec(spec)
    sys.modules[package.__name__] = package
    spec.loader.exec_module(package)
    return package


def storing_apart(control: dict[str, Any], shim: str) -> AbstractContextManager[None]:
    """Store the byte code of some folders apart, and let the processes that this one starts store all of it there."""
    if control["bytecode"] is None:
        return nullcontext()
    os.environ["PYTHONPYCACHEPREFIX"] = control["bytecode"]
    stored_apart: Any = importlib.import_module(f"{shim}.real.bytecode").stored_apart
    found: AbstractContextManager[None] = stored_apart(control["apart"], control["bytecode"])
    return found


def set_path(control: dict[str, Any]) -> None:
    """Set the import path, and flush standard output after each line."""
    sys.path[:] = control["path"]
    stdout: Any = sys.stdout
    if stdout is not None:
        stdout.reconfigure(line_buffering=True)


if __name__ == "__main__":  # pragma: no cover - only in a child
    main()
