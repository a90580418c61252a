"""``torch.cuda`` on a machine without a GPU."""

from __future__ import annotations

from typing import Any, NoReturn

from .. import _notes

__getattr__ = _notes.absent(__name__)


def is_available() -> bool:
    """Return False."""
    return False


is_initialized = is_bf16_supported = is_available


def device_count() -> int:
    """Return 0."""
    return 0


def get_arch_list() -> list[str]:
    """Return an empty list, as torch does without a GPU."""
    return []


def get_device_capability(device: Any = None) -> NoReturn:  # noqa: ANN401, ARG001 - torch's signature
    """Raise the exception that torch raises without a GPU."""
    raise RuntimeError("No CUDA GPUs are available")


current_device = get_device_name = get_device_properties = get_device_capability
