"""The variables of the settings: those of the ``env`` table, and those of the ``cuda`` table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..config import Settings, Variable, fill_template, placeholders
from ..config.planned import PlannedVariable, left
from ..formats.parsing import parse_version
from ..installed.identity import Identity, read_cxx11_abi
from ..store.names import digest, safe_name

if TYPE_CHECKING:
    from ..cuda.inputs import Workbench
    from ..cuda.table import CudaPlan


def plan_environ(
    settings: Settings,
    identities: Sequence[Identity],
    sites: Mapping[str, Path],
    environ: Mapping[str, str],
    bench: Workbench | None,
) -> tuple[tuple[PlannedVariable, ...], CudaPlan | None]:
    """Return the variables of both tables, and the result of the ``cuda`` table. ``env`` wins if both set a variable.

    :param sites: name of a runtime -> the folder in which the real backend sees it.
    :param bench: the facts that a ``cuda`` table needs; None if there is no such table.
    """
    variables = plan_variables(settings.variables, identities, sites, environ)
    if settings.cuda is None or bench is None:
        return variables, None
    from ..cuda.table import plan_cuda  # noqa: PLC0415 - most packages have no such table

    torch = next((identity for identity in identities if identity.name == "torch"), None)
    named = {variable.name: variable.value or "" for variable in variables}
    found = plan_cuda(settings.cuda, torch, bench._replace(environ={**named, **environ}))
    return (*variables, *(variable for variable in found.variables if variable.name not in named)), found


def plan_variables(
    variables: Sequence[Variable],
    identities: Sequence[Identity],
    sites: Mapping[str, Path],
    environ: Mapping[str, str],
) -> tuple[PlannedVariable, ...]:
    """Return the variables of the ``env`` table. The person's environment wins, unless an entry has ``force``.

    :param sites: name of a runtime -> the folder in which the real backend sees it.
    """
    values = known_values(identities, sites, [variable.template for variable in variables])
    return tuple(_plan_variable(variable, values, environ) for variable in variables)


def known_values(identities: Sequence[Identity], sites: Mapping[str, Path], templates: Sequence[str]) -> dict[str, str]:
    """Return the values of placeholders: ``torch.version`` -> ``2.13.0+cpu``.

    :param sites: name of a runtime -> the folder in which it is seen.
    :param templates: the texts with placeholders; what takes time to find is found only if they contain it.
    """
    values = {
        f"{identity.name}.{field}": value for identity in identities for field, value in _fields(identity).items()
    }
    values.update({f"{name}.site": str(folder) for name, folder in sites.items()})
    if any("cxx11-abi" in template for template in templates):
        values.update({f"{name}.cxx11-abi": read_cxx11_abi(folder) for name, folder in sites.items()})
    return values


def _plan_variable(variable: Variable, values: Mapping[str, str], environ: Mapping[str, str]) -> PlannedVariable:
    value: str | None = None
    unknown = [name for name in placeholders(variable.template) if name not in values]
    if variable.name in environ and not variable.force:
        return left(variable.name, variable.origin)
    if unknown:
        why = f"not set: {', '.join(unknown)} not known before the runtime is installed"
    else:
        value = fill_template(variable.template, values)
        why = "set, over the environment's" if variable.name in environ else "set"
    return PlannedVariable(name=variable.name, value=value, origin=variable.origin, why=why)


def _fields(identity: Identity) -> dict[str, str]:
    """Return the values of ``{torch.<field>}`` by field; a torch without CUDA has an empty ``cuda``."""
    if identity.reported is None:
        return {}
    facts = {name: fact or "" for name, fact in {"version": identity.reported, **identity.facts}.items()}
    version = parse_version(identity.reported)
    if version is not None:
        release = ".".join(map(str, (*version.release, 0, 0)[:3]))
        facts.update({"release": release, "minor": f"{version.major}.{version.minor}"})
    facts["cuda-major"] = facts["cuda"].partition(".")[0]
    digits = {f"{name}-digits": facts[name].replace(".", "") for name in ("release", "minor", "cuda") if name in facts}
    return {**facts, **digits}


def build_label(identities: Sequence[Identity]) -> str:
    """Return the name of the build folder for these runtimes: ``torch-2.13.0.cpu-5f1c2a90``."""
    facts = [repr(list(identity)) for identity in identities]
    names = "-".join(f"{identity.name}-{identity.reported or identity.version}" for identity in identities)
    return f"{safe_name(names)}-{digest(facts, 8)}"
