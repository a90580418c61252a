"""The plan: everything decided for one hook call, each value with its origin. Hooks obey it, explain prints it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..config import Settings
from ..config.planned import PlannedVariable
from ..errors import RuntimeBackendError
from ..frontend.caller import Isolation
from ..installed.identity import Identity
from ..metadata.ways import Way, way_by_files, ways_by_backend
from ..real.hooks import HookKind, hook_kind
from .own_variables import OwnVariables
from .runtimes import RuntimePlan
from .variables import build_label

if TYPE_CHECKING:
    from ..cuda import CompilerCache, CudaPlan, ToolkitPlan
    from ..provision.fetch import Fetching
    from ..provision.overlay import Overlay


class Plan(NamedTuple):
    """Everything decided for one hook call."""

    hook: str
    settings: Settings
    frontend: str | None
    isolation: Isolation
    runtimes: tuple[RuntimePlan, ...]
    overlay: Overlay | None
    """Shows what is installed in the target, or was fetched."""
    view: Overlay | None
    """Shows what is in the build environment at a path that is the same in every build."""
    variables: tuple[PlannedVariable, ...]
    cuda: CudaPlan | None
    """What the ``cuda`` table comes to."""
    cache: Path
    is_offline: bool
    """True: no index is asked, nothing is downloaded."""
    own: OwnVariables = OwnVariables()
    """The variables that we set by ourselves."""
    build_folders: tuple[Path, ...] = ()
    """Where the real backend compiles, as far as the stage tells."""

    @property
    def kind(self) -> HookKind:
        """What the hook is for."""
        return hook_kind(self.hook)

    @property
    def requirements(self) -> tuple[str, ...]:
        """What ``get_requires_*`` adds to the real backend's answer."""
        found = tuple(r.provision.requirement for r in self.runtimes if r.provision.requirement is not None)
        return found if self.toolkit is None else (*found, *self.toolkit.requirements)

    @property
    def toolkit(self) -> ToolkitPlan | None:
        """Which CUDA toolkit compiles; None: none is needed, or not known yet."""
        return None if self.cuda is None else self.cuda.toolkit

    @property
    def compiler_cache(self) -> CompilerCache | None:
        """What goes in front of the compilers."""
        return None if self.cuda is None else self.cuda.compiler_cache

    @property
    def refusal(self) -> RuntimeBackendError | None:
        """Why a hook that needs the runtimes stops: the first reason."""
        stop = None if self.cuda is None else self.cuda.stop
        return next((r.provision.refusal for r in self.runtimes if r.provision.refusal is not None), stop)

    @property
    def fetchings(self) -> tuple[Fetching, ...]:
        """What a hook that needs the runtimes fetches before it goes on."""
        own = None if self.toolkit is None else self.toolkit.fetching
        found = (*(runtime.provision.fetching for runtime in self.runtimes), own)
        return tuple(fetching for fetching in found if fetching is not None)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the person should be told although nothing is wrong."""
        more = () if self.cuda is None else self.cuda.notes
        return (
            *self.settings.notes,
            *self._consumers_variables,
            *(note for runtime in self.runtimes for note in runtime.outcome.notes),
            *more,
        )

    @property
    def _consumers_variables(self) -> tuple[str, ...]:
        """The variables that the consumer's file sets, by name: they come from outside the package."""
        begin = f"{self.settings.consumer}: "
        found = (v for v in self.variables if v.value is not None and v.origin.startswith(begin))
        return tuple(f"{variable.name}={variable.value} is set by {variable.origin}" for variable in found)

    @property
    def identities(self) -> tuple[Identity, ...]:
        """The runtimes that the real backend sees."""
        return tuple(runtime.identity for runtime in self.runtimes if runtime.identity is not None)

    @property
    def torch(self) -> RuntimePlan | None:
        """The runtime that there is a stand-in for."""
        return next((runtime for runtime in self.runtimes if runtime.outcome.rule.name == "torch"), None)

    @property
    def lacks_runtime(self) -> bool:
        """Whether the real backend would not see a runtime, if it were called now."""
        return any(runtime.is_lacking for runtime in self.runtimes)

    @property
    def lacks_compilers(self) -> bool:
        """Whether the real backend would not find the CUDA compilers, if it were called now."""
        return self.cuda is not None and self.cuda.is_lacking

    @property
    def ways_by_backend(self) -> tuple[Way, ...]:
        """The ways in which the real backend answers this hook, one after the other."""
        return self._ways_by_backend(self.hook)

    @property
    def metadata_ways(self) -> tuple[Way, ...]:
        """The ways in which the metadata of a wheel are found, if the frontend asks for them."""
        hook = "prepare_metadata_for_build_wheel"
        by_files = way_by_files(hook, self.settings)
        return (*([] if by_files is None else [by_files]), *self._ways_by_backend(hook))

    def _ways_by_backend(self, hook: str) -> tuple[Way, ...]:
        is_lacking = self.torch is not None and (self.torch.is_lacking or self.lacks_compilers)
        return ways_by_backend(hook, self.settings, is_lacking=is_lacking)

    @property
    def pins(self) -> tuple[str, ...]:
        """The exact runtimes that the metadata name, where nothing but this build has decided which they are."""
        if self.settings.unresolved.value != "newest" or self.isolation == "none":
            return ()
        chosen = (r.outcome.visible for r in self.runtimes if r.resolution and r.resolution.how == "importable")
        return tuple(f"{identity.name}=={identity.version}" for identity in chosen if identity is not None)

    @property
    def real_hook(self) -> str:
        """The hook of the real backend that is called.

        An upstream source lies in the cache: there is nothing to edit, and its editable is a plain wheel.
        """
        return self.hook if self.settings.upstream is None else self.hook.replace("editable", "wheel")

    @property
    def build_label(self) -> str | None:
        """The name of the build folder for these runtimes; None where none is provided."""
        return build_label(self.identities) if self.identities else None
