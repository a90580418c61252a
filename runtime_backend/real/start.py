"""The start of the child: a script with the arguments ``SCRIPT HOOK FOLDER`` of pyproject-hooks' own command.

``FOLDER/control.json`` has the surroundings of the real backend (see :mod:`.calling`). They are set first, then SCRIPT
runs as under pyproject-hooks. The parent sends its complete import path: the frontend may have changed it in ways that
a new interpreter does not repeat. PYTHONPYCACHEPREFIX takes effect only here: until then, modules are imported from
the byte code next to them.

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
from contextlib import suppress
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
    set_bytecode(control)
    if control["preparation"]:
        importlib.import_module(f"{shim.__name__}.{control['preparation']}").prepare(control)
    sys.argv[:] = [script, hook, folder]
    with child.ending_with(control["parent"]):
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


def set_bytecode(control: dict[str, Any]) -> None:
    """Set where byte code is stored from now on.

    First, import the modules that the parent has compiled in place: those of packaging, which most real backends also
    import. In a build environment of uv, where nothing is compiled, compiling them again would be most of the child's
    time.
    """
    for name in control["compiled"]:
        with suppress(ImportError):  # the real backend's import path may lack it
            importlib.import_module(name)
    if control["bytecode"] is not None:
        sys.pycache_prefix = os.environ["PYTHONPYCACHEPREFIX"] = control["bytecode"]


def set_path(control: dict[str, Any]) -> None:
    """Set the import path, and flush standard output after each line."""
    sys.path[:] = control["path"]
    stdout: Any = sys.stdout
    if stdout is not None:
        stdout.reconfigure(line_buffering=True)


if __name__ == "__main__":  # pragma: no cover - only in a child
    main()
