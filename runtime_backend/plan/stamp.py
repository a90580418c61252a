"""The stamp as a value: made from a plan, and converted to and from JSON (the file: :mod:`..archives.stamp_file`)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from .. import __version__
from ..archives.stamp_file import parse_stamp
from ..config.planned import leads_to_a_place
from ..config.settings import MATCHES, Match, Upstream
from ..errors import BackendError
from ..formats.parsing import parse_version
from ..formats.tables import Table, describe
from ..installed.identity import FACTS, Identity
from . import Plan
from .as_json import describe_upstream, redacted
from .runtimes import RuntimePlan


class StampedRuntime(NamedTuple):
    """One runtime that a wheel was built against."""

    name: str
    match: Match
    version: str | None = None
    """The version in the metadata; None if the real backend saw no runtime."""
    reported: str | None = None
    facts: Mapping[str, str | None] = {}
    """Those of :data:`FACTS` that the shim's version knew when it wrote the stamp."""
    how: str | None = None
    decision: str | None = None
    is_verified: bool = True
    """Whether the build knew that the target would have that runtime."""
    provision: str | None = None

    @property
    def is_known(self) -> bool:
        """Whether the real backend saw the runtime."""
        return self.version is not None or self.reported is not None

    def identity(self, installed: Identity | None) -> Identity:
        """Return the identity of the runtime.

        :param installed: the source of facts that stamps of early versions lack.
        """
        usual = {} if installed is None else {name: installed.facts[name] for name in ("rocm", "xpu")}
        facts = {field: self.facts.get(name, usual.get(name)) for name, field in FACTS.items()}
        return Identity(name=self.name, version=self.version or "", reported=self.reported, **facts)

    def built_against(self, other: StampedRuntime) -> StampedRuntime:
        """Return this runtime of a build with the version and the facts of the one that a wheel was built against."""
        return self._replace(version=other.version, reported=other.reported, facts=other.facts)

    def as_json(self) -> dict[str, Any]:
        """Return the runtime's table in the file."""
        known = {"version": self.version, "reported": self.reported, **self.facts} if self.is_known else {}
        return {
            "name": self.name,
            "match": self.match,
            **known,
            "how": self.how,
            "decision": self.decision,
            "verified": self.is_verified,
            "provision": self.provision,
        }


class Stamp(NamedTuple):
    """The record of a wheel's build, without values of the person's environment and without paths of the machine."""

    runtimes: tuple[StampedRuntime, ...]
    toolkit: Mapping[str, str | None] | None
    real_backend: Mapping[str, str | None]
    variables: Mapping[str, str | None]
    """The variables that were set; without paths."""
    kept: tuple[str, ...]
    """The names of the variables whose values in the environment were kept."""
    revision: str | None
    """The commit of the source tree."""
    upstream: Mapping[str, Any] | None
    compiled: int
    """The number of compiled files in the wheel."""
    origin: Mapping[str, str | None] = MappingProxyType({"kind": "compiled"})
    """Who made the wheel: this build, a build whose wheel was stored, or the package's authors."""

    def as_json(self) -> dict[str, Any]:
        """Return the content of the file, without credentials."""
        described = {
            "shim": __version__,
            "runtimes": [runtime.as_json() for runtime in self.runtimes],
            "toolkit": self.toolkit,
            "real-backend": self.real_backend,
            "variables": self.variables,
            "variables-kept": list(self.kept),
            "source-revision": self.revision,
            "upstream": self.upstream,
            "compiled-files": self.compiled,
            "origin": dict(self.origin),
        }
        shown: dict[str, Any] = redacted(described)
        return shown


def make_stamp(plan: Plan, *, real_version: str | None, revision: str | None, compiled: int) -> Stamp:
    """Return the stamp of a wheel.

    :param real_version: the version of the real backend, if it has one.
    :param revision: the commit of the source tree.
    :param compiled: the number of compiled files in the wheel.
    """
    toolkit = plan.toolkit
    return Stamp(
        runtimes=stamped_runtimes(plan),
        toolkit=None if toolkit is None else {"kind": toolkit.kind, "version": toolkit.version},
        real_backend={"name": plan.settings.real_backend.value, "version": real_version},
        variables={v.name: v.value for v in plan.variables if not v.is_place},
        kept=tuple(v.name for v in plan.variables if v.value is None),
        revision=revision,
        upstream=_of_upstream(plan.settings.upstream),
        compiled=compiled,
    )


def stamped_runtimes(plan: Plan) -> tuple[StampedRuntime, ...]:
    """Return the runtimes of a build, as its stamp has them."""
    return tuple(map(_of_runtime, plan.runtimes))


def _of_runtime(runtime: RuntimePlan) -> StampedRuntime:
    outcome, identity, resolution = runtime.outcome, runtime.identity, runtime.resolution
    decision = outcome.decision
    bare = StampedRuntime(
        name=outcome.rule.name,
        match=outcome.rule.match,
        how=None if resolution is None else resolution.how,
        decision=None if decision is None else decision.kind,
        is_verified=decision is None or decision.is_verified,
        provision=runtime.provision.kind,
    )
    if identity is None:
        return bare
    return bare._replace(version=identity.version, reported=identity.reported, facts=identity.facts)


def _of_upstream(upstream: Upstream | None) -> dict[str, Any] | None:
    """Return the upstream source; for an archive or a repository on this machine, only its file name."""
    if upstream is None or not leads_to_a_place(upstream.where):
        return describe_upstream(upstream)
    return describe_upstream(upstream._replace(where=re.split(r"[/\\]", upstream.where.rstrip("/\\"))[-1]))


def read_runtimes(content: bytes, where: str) -> list[StampedRuntime]:
    """Return the runtimes in a stamp.

    :param where: the path for messages.
    :raises BackendError: for the first mistake.
    :raises LaterFormatError: if the stamp has a later format.
    """
    table = Table(parse_stamp(content, where), file=where)
    entries = table.array("runtimes")
    if entries is None and not table.problems:
        table.report("runtimes", "nothing", "an array")
    for index, entry in enumerate(entries or ()):
        if isinstance(entry, dict):
            _check_runtime(Table(entry, file=where, key=f"runtimes[{index}]", problems=table.problems))
        else:
            table.report(f"runtimes[{index}]", describe(entry), "a table")
    if table.problems:
        raise BackendError("stamp-unreadable", "{problem}", problem=table.problems[0])
    return [_read_runtime(entry) for entry in entries or ()]


def _check_runtime(table: Table) -> None:
    for name in ("name", "match"):
        if name not in table:
            table.report(name, "nothing", "a string")
    table.choice("match", MATCHES)
    table.boolean("verified")
    for name in ("name", "version", "reported", *FACTS):
        value = table.value(name)
        if value is not None and not (isinstance(value, str) and value.isprintable()):
            table.report(name, describe(value), "a string of printable characters")
    version = table.value("version")
    if isinstance(version, str) and version and parse_version(version) is None:
        table.report("version", describe(version), "a version (PEP 440)")


def _read_runtime(entry: Mapping[str, Any]) -> StampedRuntime:
    return StampedRuntime(
        name=entry["name"],
        match=entry["match"],
        version=entry.get("version"),
        reported=entry.get("reported"),
        facts={name: entry[name] for name in FACTS if name in entry},
        how=entry.get("how"),
        decision=entry.get("decision"),
        is_verified=entry.get("verified", True),
        provision=entry.get("provision"),
    )
