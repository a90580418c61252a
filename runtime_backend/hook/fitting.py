"""Whether a stored wheel fits a build: its runtimes and its metadata, which the key of the store does not contain."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..archives.stamp_file import FILE_NAME
from ..archives.wheel import read_from_dist_info
from ..config.settings import Match
from ..errors import RuntimeBackendError
from ..installed.identity import Identity, is_compatible
from ..metadata.agreement import describe_differences
from ..metadata.prepared import Prepared
from ..plan import Plan
from ..plan.stamp import StampedRuntime, read_runtimes


def find_objection(wheel: Path, plan: Plan, prepared: Prepared | None) -> str | None:
    """Return why a stored wheel does not fit; None if it does.

    :param prepared: the metadata that the frontend got before.
    """
    try:
        stamp = read_from_dist_info(wheel, FILE_NAME)
        if stamp is None:
            return f"is damaged: {wheel}: found no stamp"
        runtimes = read_runtimes(stamp, f"{wheel}: {FILE_NAME}")
        metadata = read_from_dist_info(wheel, "METADATA") or b""
    except RuntimeBackendError as error:  # also of the system
        return f"is damaged: {error.message}"
    for runtime in plan.runtimes:
        identity, match = runtime.identity, runtime.outcome.rule.match
        if identity is not None and not _is_built_for(identity, match, runtimes):
            return f"was built for another {identity.name} than {identity}"
    differences = [] if prepared is None else describe_differences(prepared.metadata, metadata)
    return f"has other metadata than this source: {differences[0]}" if differences else None


def _is_built_for(identity: Identity, match: Match, stamped: Sequence[StampedRuntime]) -> bool:
    """Return whether a wheel fits a runtime by the rule of this build, and by the one in its stamp."""
    built = next((found for found in stamped if found.name == identity.name), None)
    if built is None or not built.version:  # an identity without a version would fit any
        return False
    return all(is_compatible(built.identity(identity), identity, rule) for rule in (match, built.match))
