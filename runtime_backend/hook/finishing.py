"""Finishing a wheel: compare it with the metadata that the frontend got before, complete it, and stamp it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from ..archives.stamp_file import FILE_NAME, parse_stamp, source_revision, stamp_text
from ..archives.wheel import count_compiled, find_compilable, put_into_dist_info, read_from_dist_info
from ..errors import MetadataError, ProvisionError
from ..installed.identity import read_again
from ..metadata.pins import with_requirements
from ..metadata.prepared import Prepared
from ..plan import Plan
from ..plan.as_json import redacted
from ..plan.stamp import make_stamp, read_runtimes, stamped_runtimes


def finish_wheel(  # noqa: PLR0913, PLR0917 - everything that is known after a build
    plan: Plan,
    wheel: Path,
    prepared: Prepared | None,
    real_version: str | None,
    say: Callable[[str], None],
    top: Mapping[str, bytes] = MappingProxyType({}),
) -> None:
    """Check, complete and stamp a wheel; a wheel that is refused is removed.

    :param prepared: the metadata that the frontend got before; None if the real backend copied them.
    :param real_version: the version of the real backend, if it has one.
    :param top: files to add at the top of the wheel.
    :raises MetadataError: if the wheel differs from the metadata that the frontend got.
    :raises ProvisionError: if a runtime changed during the build.
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
    put_into_dist_info(wheel, {**pinned, FILE_NAME: stamp_text(stamp.as_json())}, top)


def finish_stored(plan: Plan, wheel: Path, origin: Mapping[str, str | None]) -> None:
    """Check a wheel from the store, and stamp it with its origin and with the decision of this build.

    :param origin: where it is from.
    :raises MetadataError: if it does not accept the runtime.
    """
    _check_own_requirements(plan, wheel, read_from_dist_info(wheel, "METADATA") or b"")
    content, where = read_from_dist_info(wheel, FILE_NAME) or b"", f"{wheel}: {FILE_NAME}"
    built = {runtime.name: runtime for runtime in read_runtimes(content, where)}
    runtimes = [runtime.built_against(built.get(runtime.name, runtime)).as_json() for runtime in stamped_runtimes(plan)]
    stamp = {**parse_stamp(content, where), "runtimes": runtimes, "origin": redacted(origin)}
    put_into_dist_info(wheel, {FILE_NAME: stamp_text(stamp)})


def _check_unchanged(plan: Plan, wheel: Path) -> None:
    """Refuse a wheel whose runtime changed during the build, which takes minutes.

    :raises ProvisionError: if a runtime that the real backend saw was replaced or removed.
    """
    for runtime in plan.runtimes:
        before, seen = runtime.identity, runtime.seen_distribution
        now = before if seen is None else read_again(seen)
        if before is not None and seen is not None and now != before:
            wheel.unlink()
            raise ProvisionError(
                "runtime-changed-during-build",
                "{name} changed while {wheel} was built: found {found} after the build ({site}), expected {expected}."
                " The wheel was removed",
                hint="Run the same command again while nothing else installs into that environment.",
                name=before.name,
                wheel=wheel.name,
                found=now or f"no readable {before.name}",
                site=seen.site,
                expected=before,
            )


def _check_agreement(plan: Plan, wheel: Path, prepared: Prepared, metadata: bytes) -> None:
    from ..metadata.agreement import describe_differences  # noqa: PLC0415 - imports email: only for wheels

    differences = describe_differences(prepared.metadata, metadata)
    if not differences:
        return
    wheel.unlink()
    seen = ", ".join(prepared.runtimes) or "no runtime"
    now = ", ".join(str(identity) for identity in plan.identities) or "no runtime"
    lines = "\n".join(f"  {line}" for line in differences)
    raise MetadataError(
        "metadata-differ",
        "{wheel} differs from the metadata that the frontend got before:\n{lines}\nThe metadata came from {way!r},"
        " for {seen}; the wheel is built against {now}.",
        hint="If the runtime was not known then, run the same command again. If the metadata depend on the runtime,"
        " set tool.runtime-backend.metadata = 'real' in the package.",
        wheel=wheel.name,
        lines=lines,
        way=prepared.way,
        seen=seen,
        now=now,
    )


def _check_own_requirements(plan: Plan, wheel: Path, metadata: bytes) -> None:
    """Refuse a wheel that does not accept the runtime it was built against: installing it would replace the runtime.

    The requirements in pyproject.toml were checked before; those in the wheel are known only after the build.

    :raises MetadataError: unless the command ignores the requirements of packages.
    """
    from ..metadata.agreement import describe_refusals  # noqa: PLC0415 - imports email: only for wheels

    bound = [runtime for runtime in plan.runtimes if runtime.outcome.is_bound and runtime.identity is not None]
    versions = {r.identity.name: r.identity.version for r in bound if r.identity is not None}
    refusals = describe_refusals(metadata, versions)
    if not refusals:
        return
    wheel.unlink()
    seen = ", ".join(str(runtime.resolution) for runtime in bound)
    raise MetadataError(
        "wheel-refuses-its-runtime",
        "{wheel} requires {requirements}, but was built against {seen}: installing the wheel would replace that"
        " runtime",
        hint="Install a runtime that the package accepts, or name it in the same command, then run it again.",
        wheel=wheel.name,
        requirements=" and ".join(map(repr, refusals)),
        seen=seen,
    )


def _warn_uncompiled(plan: Plan, wheel: Path, say: Callable[[str], None]) -> None:
    compilable = find_compilable(plan.settings.source)
    if compilable is not None:
        say(
            f"warning: {wheel.name} contains no compiled file, although the source has files to compile ({compilable}):"
            " the package may have left its extension out without an error"
        )
