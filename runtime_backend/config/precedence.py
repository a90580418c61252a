"""The settings of the consumer, which win over the producer's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ..formats.tables import Table
from .consumer import Consumer
from .cuda import CudaSettings
from .misplaced import find_misspelt
from .settings import Chosen, Match, RuntimeRule, Settings


def apply_consumer(settings: Settings, consumer: Consumer | None, document: Table) -> Settings:
    """Return the settings with those of the consumer, which win over the producer's."""
    if consumer is None:
        return settings
    name = _name_of(settings.source, document) if consumer.has_packages else None
    package = consumer.package(name, [rule.name for rule in settings.runtimes])
    own = {variable.name for variable in package.variables}
    stored = consumer.store()
    is_silent = stored.switch.origin == "default"
    return settings._replace(
        stated=consumer.target(),
        consumer=consumer.file,
        store=stored._replace(switch=package.store or (settings.store.switch if is_silent else stored.switch)),
        prebuilt=package.prebuilt or settings.prebuilt,
        notes=tuple(_notes(consumer, name)),
        provision=package.provision or settings.provision,
        cuda=(settings.cuda or CudaSettings()).under(package.cuda) if package.cuda else settings.cuda,
        unresolved=package.unresolved or settings.unresolved,
        editable_env=package.editable_env or settings.editable_env,
        runtimes=tuple(_matched(rule, package.match) for rule in settings.runtimes),
        variables=(*(v for v in settings.variables if v.name not in own), *package.variables),
        build=settings.build._replace(
            lock=package.build_lock or settings.build.lock,
            constraints=(*consumer.constraints(), *package.build_constraints),
        ),
    )


def _notes(consumer: Consumer, name: str | None) -> Iterator[str]:
    if consumer.has_packages and name is None:
        yield f"{consumer}: ignored: the package name is known only after building"
    near = None if name is None else find_misspelt(consumer.packages, name)
    if near is not None:
        yield f"{consumer}: found settings for {near!r}, and none for {name!r}: if that is a mistake, correct the name"


def _name_of(source: Path, document: Table) -> str | None:
    from .names import find_name  # noqa: PLC0415 - few consumers have such a table

    return find_name(source, document)


def _matched(rule: RuntimeRule, match: Chosen[Match] | None) -> RuntimeRule:
    return rule if match is None else rule._replace(match=match.value, match_origin=match.origin)
