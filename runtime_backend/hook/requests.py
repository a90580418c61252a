"""The call of the real backend's hook that a plan leads to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..plan import Plan
from ..real.calling import HookRequest


def request_of(
    plan: Plan, folder: Path | None, config_settings: Mapping[str, Any] | None, metadata_directory: str | None = None
) -> HookRequest:
    """Return what a child calls.

    :param plan: that of the stage.
    :param folder: where the hook puts what it makes; None when it makes nothing.
    :param config_settings: the real backend's.
    :param metadata_directory: what the frontend hands to a hook that builds.
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
