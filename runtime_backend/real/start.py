"""The start of the child: run as a script, with the words ``SCRIPT HOOK FOLDER`` of pyproject-hooks' own command.

``FOLDER/control.json`` says what is around the real backend (see :mod:`.calling`). It is set first, then SCRIPT runs as
pyproject-hooks would have run it. The parent sends the import path as it is: its frontend may have made it in ways that
an interpreter does not repeat by itself. PYTHONPYCACHEPREFIX takes effect only here: until then everything is imported
from the byte code beside it.

Nothing of the shim is imported by its name, since the folder of a vendored copy need not be on the import path.
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


def main() -> None:  # pragma: no cover - only in a child, where nothing measures
    """Set what is around the real backend, and call the hook."""
    script, hook, folder = sys.argv[1:]
    with open(os.path.join(folder, "control.json"), encoding="utf-8") as file:  # noqa: PTH118, PTH123 - no pathlib yet
        control = json.load(file)
    shim = load_shim(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # noqa: PTH100, PTH120 - likewise
    set_path(control)
    child = importlib.import_module(f"{shim.__name__}.real.child")
    child.begin(control, folder)
    set_bytecode(control)
    if control["preparation"]:
        importlib.import_module(f"{shim.__name__}.{control['preparation']}").prepare(control)
    sys.argv[:] = [script, hook, folder]
    with child.ending_with(control["parent"]):
        runpy.run_path(script, run_name="__main__")
    gc.freeze()  # else the interpreter looks through all that was imported three times before it ends


def load_shim(folder: str) -> ModuleType:
    """Import the package that this file is in."""
    place = os.path.join(folder, "__init__.py")  # noqa: PTH118 - likewise
    spec: Any = importlib.util.spec_from_file_location("runtime_backend", place, submodule_search_locations=[folder])
    package = importlib.util.module_from_spec(spec)
    sys.modules[package.__name__] = package
    spec.loader.exec_module(package)
    return package


def set_bytecode(control: dict[str, Any]) -> None:
    """Set where byte code goes, from now on.

    First come the modules that the parent has compiled where they lie: those of packaging, which most real backends
    import too. In a build environment of uv's, where nothing is compiled, that is most of what a child would cost.
    """
    for name in control["compiled"]:
        with suppress(ImportError):  # as it may be for the real backend, on its import path
            importlib.import_module(name)
    if control["bytecode"] is not None:
        sys.pycache_prefix = os.environ["PYTHONPYCACHEPREFIX"] = control["bytecode"]


def set_path(control: dict[str, Any]) -> None:
    """Set the import path; let each line that is printed be seen at once."""
    sys.path[:] = control["path"]
    stdout: Any = sys.stdout
    if stdout is not None:
        stdout.reconfigure(line_buffering=True)


if __name__ == "__main__":  # pragma: no cover - likewise
    main()
