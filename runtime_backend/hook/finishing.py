"""What is done with a finished wheel: it is held against what was told of it before, completed, and stamped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..archives.stamp import FILE_NAME, source_revision, stamp_text
from ..archives.wheel import count_compiled, find_compilable, put_into_dist_info, read_from_dist_info
from ..errors import MetadataError, ProvisionError
from ..installed.identity import read_again
from ..metadata.pins import with_requirements
from ..metadata.prepared import Prepared
from ..plan import Plan
from ..plan.stamp import make_stamp


def finish_wheel(
    plan: Plan, wheel: Path, prepared: Prepared | None, real_version: str | None, say: Callable[[str], None]
) -> None:
    """Stamp a wheel.

    :param prepared: the metadata that the frontend was told before, unless the real backend took them over.
    :param real_version: the real backend's, where it tells one.
    :raises MetadataError: when the wheel is another one than the frontend was told.
    :raises ProvisionError: when a runtime is not what the build began with.
    """
    _check_unchanged(plan, wheel)
    metadata = with_requirements(read_from_dist_info(wheel, "METADATA") or b"", plan.pins)
    if prepared is not None:
        _check_agreement(plan, wheel, prepared, metadata)
    _check_own_requirements(plan, wheel, metadata)
    compiled = count_compiled(wheel)
    if not compiled and plan.real_hook == "build_wheel":
        _warn_uncompiled(plan, wheel, say)
    stamp = make_stamp(
        plan,
        real_version=real_version,
        revision=source_revision(plan.settings.source),
        compiled=compiled,
    )
    pinned = {"METADATA": metadata} if plan.pins else {}
    put_into_dist_info(wheel, {**pinned, FILE_NAME: stamp_text(stamp.as_json())})


def _check_unchanged(plan: Plan, wheel: Path) -> None:
    """Refuse a wheel of which nobody knows what it was built against: a build takes minutes, and environments change.

    :raises ProvisionError: when a runtime that the real backend saw was replaced or removed.
    """
    for runtime in plan.runtimes:
        before, seen = runtime.identity, runtime.seen_distribution
        now = before if seen is None else read_again(seen)
        if before is not None and seen is not None and now != before:
            wheel.unlink()
            raise ProvisionError(
                f"{before.name} was changed while {wheel.name} was built: the build began with {before}, found"
                f" {now or f'no {before.name} that can be read'} afterwards ({seen.site}). The wheel is removed",
                hint="Run the same command again, while nothing else installs into that environment.",
            )


def _check_agreement(plan: Plan, wheel: Path, prepared: Prepared, metadata: bytes) -> None:
    from ..metadata.agreement import describe_differences  # noqa: PLC0415 - parses mail headers: for wheels alone

    differences = describe_differences(prepared.metadata, metadata)
    if not differences:
        return
    wheel.unlink()
    seen = ", ".join(prepared.runtimes) or "no runtime"
    now = ", ".join(str(identity) for identity in plan.identities) or "no runtime"
    lines = "\n".join(f"  {line}" for line in differences)
    raise MetadataError(
        f"{wheel.name} is not what the frontend was told before, and resolves by:\n{lines}\n"
        f"The metadata were told by way of {prepared.way!r}, for {seen}; the wheel is built against {now}.",
        hint="If the runtime was not known then, run the same command again. If the metadata depend on it, the package"
        " has to say so: tool.runtime-backend.metadata = 'real'.",
    )


def _check_own_requirements(plan: Plan, wheel: Path, metadata: bytes) -> None:
    """Refuse a wheel that requires another runtime than it was built against: an installation would replace that one.

    What pyproject.toml requires was checked before; this is what only the build told.

    :raises MetadataError: unless the command ignores what packages require.
    """
    from ..metadata.agreement import describe_refusals  # noqa: PLC0415 - as above

    bound = [runtime for runtime in plan.runtimes if runtime.outcome.is_bound and runtime.identity is not None]
    versions = {r.identity.name: r.identity.version for r in bound if r.identity is not None}
    refusals = describe_refusals(metadata, versions)
    if not refusals:
        return
    wheel.unlink()
    seen = ", ".join(str(runtime.resolution) for runtime in bound)
    raise MetadataError(
        f"{wheel.name} requires {' and '.join(map(repr, refusals))}, but was built against {seen}: an installation"
        " would replace that one",
        hint="Install a runtime that the package accepts, or name it in the same command, then run it again.",
    )


def _warn_uncompiled(plan: Plan, wheel: Path, say: Callable[[str], None]) -> None:
    compilable = find_compilable(plan.settings.source)
    if compilable is not None:
        say(
            f"warning: {wheel.name} holds no compiled file, although the source has some to compile ({compilable}):"
            " the package may have left its extension out without an error"
        )
