"""The plan: all decisions for one hook call, each value with its origin. Hooks obey it, explain prints it."""

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
    from ..build_lock import BuildNeeds
    from ..cuda.choice import ToolkitPlan
    from ..cuda.compiler_cache import CompilerCache
    from ..cuda.home import CudaHome
    from ..cuda.table import CudaPlan
    from ..editable.keeping import Keeping
    from ..index.verified import Verifying
    from ..provision.fetch import Fetching
    from ..provision.overlay import Overlay


class Plan(NamedTuple):
    """All decisions for one hook call."""

    hook: str
    settings: Settings
    frontend: str | None
    isolation: Isolation
    runtimes: tuple[RuntimePlan, ...]
    overlay: Overlay | None
    """Shows runtimes of the target, and fetched ones."""
    view: Overlay | None
    """Shows runtimes of the build environment at a path that is the same in every build."""
    variables: tuple[PlannedVariable, ...]
    cuda: CudaPlan | None
    """The result of the ``cuda`` table."""
    cache: Path
    is_offline: bool
    """Whether network access is off."""
    needs: BuildNeeds | None = None
    """The build requirements that the settings name; None if they name none."""
    tools: tuple[str, ...] = ()
    """The requirements of the wheel store that ``get_requires_*`` adds."""
    own: OwnVariables = OwnVariables()
    """The variables that we set by ourselves."""
    keeping: Keeping | None = None
    """Whether the build environment of an editable is kept: in a build of one, and for the command line."""
    build_folders: tuple[Path, ...] = ()
    """The folders in which the real backend compiles; empty until the stage is set."""

    @property
    def kind(self) -> HookKind:
        """The kind of the hook: requirements, metadata, sdist or wheel."""
        return hook_kind(self.hook)

    @property
    def requirements(self) -> tuple[str, ...]:
        """The requirements that ``get_requires_*`` adds to the real backend's answer."""
        return (
            *(() if self.needs is None else self.needs.requirements),
            *(r.provision.requirement for r in self.runtimes if r.provision.requirement is not None),
            *(() if self.toolkit is None else self.toolkit.requirements),
            *self.tools,
        )

    @property
    def verifyings(self) -> tuple[Verifying, ...]:
        """The wheels to check before the frontend gets their paths."""
        own = () if self.needs is None else self.needs.verifyings
        return (*own, *(r.provision.verifying for r in self.runtimes if r.provision.verifying is not None))

    @property
    def toolkit(self) -> ToolkitPlan | None:
        """The CUDA toolkit that compiles; None if none is needed, or if it is not known yet."""
        return None if self.cuda is None else self.cuda.toolkit

    @property
    def cuda_home(self) -> CudaHome | None:
        """The folder that CUDA_HOME names; None if it is not ours to make."""
        return None if self.toolkit is None else self.toolkit.home

    @property
    def overlays(self) -> tuple[Overlay, ...]:
        """The view and the overlay, as far as they are needed; on the import path in this order."""
        return tuple(overlay for overlay in (self.view, self.overlay) if overlay is not None)

    @property
    def compiler_cache(self) -> CompilerCache | None:
        """The compiler cache through which the compilers are called."""
        return None if self.cuda is None else self.cuda.compiler_cache

    @property
    def refusal(self) -> RuntimeBackendError | None:
        """The first reason for which a hook that needs the runtimes stops."""
        if self.needs is not None and self.needs.refusal is not None:
            return self.needs.refusal
        stop = None if self.cuda is None else self.cuda.stop
        return next((r.provision.refusal for r in self.runtimes if r.provision.refusal is not None), stop)

    @property
    def fetchings(self) -> tuple[Fetching, ...]:
        """The downloads that a hook makes first if it needs the runtimes."""
        own = None if self.toolkit is None else self.toolkit.fetching
        found = (*(runtime.provision.fetching for runtime in self.runtimes), own)
        return tuple(fetching for fetching in found if fetching is not None)

    @property
    def notes(self) -> tuple[str, ...]:
        """Lines for the person that are no errors."""
        more = () if self.cuda is None else self.cuda.notes
        return (
            *self.settings.notes,
            *(() if self.needs is None else self.needs.notes),
            *self._consumers_variables,
            *(note for runtime in self.runtimes for note in runtime.outcome.notes),
            *more,
        )

    @property
    def _consumers_variables(self) -> tuple[str, ...]:
        """A line for each variable that the consumer's file sets, because it is not part of the package."""
        begin = f"{self.settings.consumer}: "
        found = (v for v in self.variables if v.value is not None and v.origin.startswith(begin))
        return tuple(f"{variable.name}={variable.value} is set by {variable.origin}" for variable in found)

    @property
    def identities(self) -> tuple[Identity, ...]:
        """The identities of the runtimes that the real backend sees."""
        return tuple(runtime.identity for runtime in self.runtimes if runtime.identity is not None)

    @property
    def torch(self) -> RuntimePlan | None:
        """The plan for torch, the only runtime with a stand-in."""
        return next((runtime for runtime in self.runtimes if runtime.outcome.rule.name == "torch"), None)

    @property
    def lacks_runtime(self) -> bool:
        """Whether a runtime is still missing for the real backend."""
        return any(runtime.is_lacking for runtime in self.runtimes)

    @property
    def lacks_compilers(self) -> bool:
        """Whether the CUDA compilers are still missing for the real backend."""
        return self.cuda is not None and self.cuda.is_lacking

    @property
    def ways_by_backend(self) -> tuple[Way, ...]:
        """The ways by which the real backend may answer this hook, in order."""
        return self._ways_by_backend(self.hook)

    @property
    def metadata_ways(self) -> tuple[Way, ...]:
        """The ways by which the metadata of a wheel may be found, in order."""
        hook = "prepare_metadata_for_build_wheel"
        by_files = way_by_files(hook, self.settings)
        return (*([] if by_files is None else [by_files]), *self._ways_by_backend(hook))

    def _ways_by_backend(self, hook: str) -> tuple[Way, ...]:
        is_lacking = self.torch is not None and (self.torch.is_lacking or self.lacks_compilers)
        return ways_by_backend(hook, self.settings, is_lacking=is_lacking)

    @property
    def pins(self) -> tuple[str, ...]:
        """The exact runtimes for Requires-Dist, if only this build decided which runtimes they are."""
        if self.settings.unresolved.value != "newest" or self.isolation == "none":
            return ()
        chosen = (r.outcome.visible for r in self.runtimes if r.resolution and r.resolution.how == "importable")
        return tuple(f"{identity.name}=={identity.version}" for identity in chosen if identity is not None)

    @property
    def real_hook(self) -> str:
        """The hook of the real backend.

        An upstream source is in the cache and cannot be edited, so a wrapper's editable is a plain wheel.
        """
        return self.hook if self.settings.upstream is None else self.hook.replace("editable", "wheel")

    @property
    def build_label(self) -> str | None:
        """The name of the build folder for these runtimes; None if no runtime is provided."""
        return build_label(self.identities) if self.identities else None
