"""The request for a child that calls a hook of the real backend."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..plan import Plan
from ..real.calling import HookRequest


def request_of(
    plan: Plan, folder: Path | None, config_settings: Mapping[str, Any] | None, metadata_directory: str | None = None
) -> HookRequest:
    """Return the call of the real backend's hook.

    :param plan: the plan of the stage.
    :param folder: the folder for the result; None if the hook writes nothing.
    :param config_settings: those for the real backend.
    :param metadata_directory: an argument of the hooks that build.
    """
    return HookRequest(
        backend=plan.settings.real_backend.value,
        backend_path=plan.settings.backend_path,
        source=plan.settings.source,
        hook=plan.real_hook,
        folder=folder,
        config_settings=config_settings,
        metadata_directory=metadata_directory,
    )
