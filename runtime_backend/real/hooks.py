"""The hooks of PEP 517 and PEP 660, by what they are for."""

from __future__ import annotations

from typing import Literal

HookKind = Literal["requirements", "metadata", "sdist", "wheel"]
"""What a hook is for.

``requirements``  what building a wheel requires; the answer can still put a runtime into the build environment
``metadata``      the metadata of a wheel, by which a frontend resolves
``sdist``         packing the source, and what that requires
``wheel``         building a wheel, also an editable one: the only kind that needs the runtimes
"""

_KINDS: dict[str, HookKind] = {
    "get_requires_for_build_wheel": "requirements",
    "get_requires_for_build_editable": "requirements",
    "prepare_metadata_for_build_wheel": "metadata",
    "prepare_metadata_for_build_editable": "metadata",
    "get_requires_for_build_sdist": "sdist",
    "build_sdist": "sdist",
    "build_wheel": "wheel",
    "build_editable": "wheel",
}


def hook_kind(hook: str) -> HookKind:
    """Return the kind of a hook, which is named as in PEP 517 or PEP 660."""
    return _KINDS[hook]
