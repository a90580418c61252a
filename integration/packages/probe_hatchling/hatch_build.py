"""The build hook that hatchling finds by this file's name."""

import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class WriteBuiltAgainst(BuildHookInterface):
    """Adds built_against.py to the package, and marks the wheel as one for this interpreter and platform."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write it to a folder of its own, or for an editable build beside the sources."""
        self.scratch = tempfile.TemporaryDirectory()
        editable = version == "editable"
        module = Path(self.root, "probe_hatchling") if editable else Path(self.scratch.name)
        module /= "built_against.py"
        other = find_spec("notorch_dep") is not None
        module.write_text(f"TORCH_VERSION = {str(torch.__version__)!r}\nOTHER = {other}\n", encoding="utf-8")
        build_data.update(infer_tag=True, pure_python=False)
        if not editable:
            build_data["force_include"][str(module)] = "probe_hatchling/built_against.py"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the folder: the module is in the wheel."""
        self.scratch.cleanup()
