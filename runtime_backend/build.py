"""The build backend: the hooks of PEP 517 and PEP 660, and the only place where errors become messages.

``build-backend = "runtime_backend.build"`` in a package's pyproject.toml selects this module. Optional hooks exist only
if the real backend has them, because frontends check that. Nothing is imported before a hook is called.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .hook.call import HookCall

ConfigSettings = dict[str, Any] | None


def get_requires_for_build_wheel(config_settings: ConfigSettings = None) -> list[str]:
    """Return the real backend's requirements and the pinned runtime, if it has to be installed.

    It exists even if the real backend has no such hook, because the runtime may have to be required.
    """
    with _boundary():
        return _call("get_requires_for_build_wheel").requirements(config_settings)


def build_wheel(
    wheel_directory: str, config_settings: ConfigSettings = None, metadata_directory: str | None = None
) -> str:
    """Build a wheel against the runtime of the target, stamp it, and return its file name."""
    with _boundary():
        return _call("build_wheel").build(wheel_directory, config_settings, metadata_directory)


def build_sdist(sdist_directory: str, config_settings: ConfigSettings = None) -> str:
    """Build an sdist and return its file name."""
    with _boundary():
        return _call("build_sdist").run(sdist_directory, config_settings)


def _get_requires(call: HookCall, config_settings: ConfigSettings = None) -> list[str]:
    with _boundary():
        return call.requirements(config_settings)


def _prepare_metadata(call: HookCall, metadata_directory: str, config_settings: ConfigSettings = None) -> str:
    with _boundary():
        return call.run(metadata_directory, config_settings)


def _build_editable(
    call: HookCall,
    wheel_directory: str,
    config_settings: ConfigSettings = None,
    metadata_directory: str | None = None,
) -> str:
    with _boundary():
        return call.build(wheel_directory, config_settings, metadata_directory)


# Optional hook -> (the real backend's hook on which it depends, the function that answers). The requirements of an
# editable depend on build_editable: the runtime is required even if the real backend requires nothing.
_MIRRORED: dict[str, tuple[str, Callable[..., Any]]] = {
    "get_requires_for_build_sdist": ("get_requires_for_build_sdist", _get_requires),
    "prepare_metadata_for_build_wheel": ("prepare_metadata_for_build_wheel", _prepare_metadata),
    "get_requires_for_build_editable": ("build_editable", _get_requires),
    "prepare_metadata_for_build_editable": ("prepare_metadata_for_build_editable", _prepare_metadata),
    "build_editable": ("build_editable", _build_editable),
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a hook, or the real backend's exception class
    """Return a hook that the real backend has, or the exception that PEP 517 lets its build_sdist raise."""
    if name == "UnsupportedOperation":
        with _boundary():
            found = _call("build_sdist").attribute(name)
        if found is not None:
            return found
    if name in _MIRRORED:
        real_name, answer = _MIRRORED[name]
        with _boundary():
            call = _call(name)
            if call.has(real_name):
                return partial(answer, call)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _call(hook: str) -> HookCall:
    from .frontend.caller import read_caller  # noqa: PLC0415
    from .hook.call import HookCall  # noqa: PLC0415 - nothing is imported before a hook is called

    return HookCall(hook, read_caller(), _say)


def _say(line: str) -> None:
    from .system.printable import printable  # noqa: PLC0415 - nothing is imported before a hook is called

    with suppress(OSError, ValueError):  # a closed stderr is no reason to stop a build
        print(f"runtime-backend: {printable(line)}", file=sys.stderr, flush=True)  # noqa: T201 - the only way out


@contextmanager
def _boundary() -> Iterator[None]:
    """Turn our errors, and those of the system, into a message and exit code 1.

    Any other exception is a bug, and keeps its traceback. Failures of the real backend are printed where it is called.
    """
    from .errors import RuntimeBackendError, SystemRefusalError  # noqa: PLC0415
    from .system.stopping import orderly  # noqa: PLC0415

    with orderly():
        try:
            yield
        except (RuntimeBackendError, OSError) as error:
            refusal = SystemRefusalError(error) if isinstance(error, OSError) else error
            _say(f"error[{refusal.stop}]: {refusal}")
            raise SystemExit(1) from None
