"""The decider: finds the runtime that the target will have after the frontend's command.

Installed distributions and the arguments of the command are only inputs of the frontend's resolver. So the decision is
proved, read from the lock that the command installs from, or asked of the resolver itself (design, section 4.3).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from ..errors import DecisionError
from ..frontend.caller import Caller
from ..frontend.installations import Installation, find_named_locks
from ..frontend.places import Place
from ..frontend.uv import find_uv_command
from ..installed.distributions import DistributionIndex
from ..installed.identity import Identity
from .decision import Decision
from .naming import find_exact, names_package
from .package import Package
from .resolution import Resolution
from .search import Search

if TYPE_CHECKING:
    from ..frontend.asking.answer import Answer, Change
    from ..frontend.asking.asker import Asker

Decided = tuple[Resolution | None, Decision | None]
"""(the runtime, or None if the target will have none; the decision, or None if this hook does not need one)."""


class Decider:
    """Decides about the runtimes of one hook call.

    :param package: the package that is built.
    :param make_asker: makes the asker, which asks the frontend.
    :param may_ask: False in a hook that needs no decision, and uses only an earlier answer.
    """

    def __init__(self, caller: Caller, package: Package, make_asker: Callable[[], Asker], *, may_ask: bool) -> None:
        self._caller = caller
        self._package = package
        self._make_asker = make_asker
        self._may_ask = may_ask

    def of_project(self, place: Place, installation: Installation | None, search: Search) -> Decided:
        """Decide for a project manager at work.

        :param place: its lock and its environment.
        :param installation: its command, if it can be asked.
        :raises ResolutionError: if the lock has several candidates, or is written too late.
        """
        base = self._of_lock(place, installation, search)
        command = find_uv_command(self._caller)
        if command is None or installation is None or not command.is_layered:
            return base
        if base[1] is not None and base[1].kind == "asked":  # that answer includes the layer
            return base
        layer = self._asked(installation, search, base[0])
        name = self._package.name
        is_projects = name is not None and search.is_locked(place, name)
        if layer[0] is base[0] or (is_projects and not names_package(installation, self._package)):
            return base
        return layer

    def _of_lock(self, place: Place, installation: Installation | None, search: Search) -> Decided:
        command = find_uv_command(self._caller)
        is_left_out = command is not None and command.leaves_out(search.name)
        locked = None if is_left_out else search.in_locks(place)
        if place.late is not None:
            search.check_late(place.late)
        if locked is not None:
            selection = f"{place.locks[0]} ({place.selection.describe()})"
            return locked, Decision(kind="assumed" if place.is_guess else "read", evidence=selection)
        return self._without_lock(place, installation, search)

    def _without_lock(self, place: Place, installation: Installation | None, search: Search) -> Decided:
        """Decide if the lock does not install the runtime: the installed one stays, or is removed."""
        there = search.in_environment(place)
        if installation is not None and not place.is_guess and (not place.locks or (there and place.removes_others)):
            return self._asked(installation, search, there)
        if place.late is not None:
            return there, Decision(kind="proved", evidence=f"{place.why} installs requirements first")
        if place.is_guess or not place.locks:
            return there, Decision(kind="assumed", evidence=f"{place.why}: no lock lists what it installs")
        lock = f"{place.locks[0]} does not install it ({place.selection.describe()})"
        if place.removes_others:
            return None, Decision(kind="read", evidence=f"{lock}, and {place.why} removes what is not locked")
        return there, Decision(kind="read", evidence=f"{lock}, and nothing removes it")

    def of_command(self, installation: Installation, places: Iterable[Place], search: Search) -> Decided:
        """Decide for a command with its own resolver.

        :raises DecisionError: if nothing is proved, and the frontend cannot be asked.
        """
        locks = find_named_locks(installation)
        if locks:
            target = next((place.environment for place in places if place.is_target), None)
            place = Place(why=installation.program, path=locks[0], locks=locks, environment=target, is_manager=True)
            locked = search.in_locks(place)
            if locked is not None:
                return locked, Decision(kind="read", evidence=str(locks[0]))
        there = search.in_target(places) if installation.is_installing else search.through(places)
        from .proof import prove  # noqa: PLC0415 - project managers have a lock

        proof = prove(installation, self._package, self._counted(installation, places), search.name)
        if proof.gap is None:
            return there, Decision(kind="proved", evidence=_proved(installation, proof.satisfied))
        search.step("the command", installation.program, f"it may move {search.name}: {proof.gap}")
        return self._asked(installation, search, there)

    def _counted(self, installation: Installation, places: Iterable[Place]) -> DistributionIndex:
        """Return the distributions that the frontend counts as installed."""
        if installation.counted == "nothing":
            return DistributionIndex(())
        if installation.counted == "folder" and installation.folder is not None:
            return DistributionIndex((installation.folder,))
        target = next((place.environment for place in places if place.is_target), None)
        if target is None:
            return DistributionIndex(())
        seen = target.seen_by_uv() if installation.counted == "own" else target
        return seen.without_folder(installation.folder).distributions

    def _asked(self, installation: Installation, search: Search, there: Resolution | None) -> Decided:
        """Decide by the frontend's answer.

        :param there: the runtime that stays if the answer does not name it.
        """
        asker = self._make_asker()
        answer = asker.recall(installation)
        if answer is None:
            if not self._may_ask:
                return there or _named_exactly(installation, search.name), None
            why = installation.unaskable
            if why is not None:
                from .ways_out import cannot_ask  # noqa: PLC0415 - only for a stop

                raise cannot_ask(installation, why, search.name)
            answer = asker.ask(installation)
        return self._by_answer(answer, installation, search, there)

    def _by_answer(
        self, answer: Answer, installation: Installation, search: Search, there: Resolution | None
    ) -> Decided:
        change = answer.changes.get(search.name)
        before = "none" if there is None else there.identity.version
        if change is None:
            evidence = f"{search.name} {before} stays" if there else f"no {search.name}"
            return there, Decision(kind="asked", evidence=f"{answer.command}: {evidence}")
        if change.version is None:
            return None, Decision(kind="asked", evidence=f"{answer.command}: {search.name} {before} is removed")
        after = change.version or change.url or "a source tree"
        search.step("the frontend", answer.command, f"{search.name} {after}")
        _check_replaced(installation, search.name, change)
        evidence = f"{answer.command}: {search.name} {before} -> {after}"
        return _resolution(search.name, change, answer.command), Decision(kind="asked", evidence=evidence)


def _named_exactly(installation: Installation, name: str) -> Resolution | None:
    """Return the runtime that a command names by its version: enough for metadata, but no decision."""
    requirement = find_exact(installation, name)
    if requirement is None or requirement.url is not None:
        return None
    version = next(iter(requirement.specifier)).version
    origin = installation.program
    return Resolution(
        identity=Identity(name=name, version=version), how="named", origin=origin, pin=requirement.specifier
    )


def _proved(installation: Installation, count: int) -> str:
    if installation.has_no_dependencies:
        return f"{installation.program} --no-deps moves only what it names"
    noun = "requirement is" if count == 1 else "requirements are"
    satisfied = f"{count} {noun} satisfied, " if count else "it requires nothing else, "
    return f"{satisfied}nothing is upgraded"


def _resolution(name: str, change: Change, command: str) -> Resolution:
    identity = Identity(name=name, version=change.version or "")
    missing = "the command builds it from source" if change.is_source else None
    return Resolution(
        identity=identity,
        how="asked",
        origin=command,
        url=change.url,
        sha256=change.sha256,
        is_direct=change.is_direct,
        missing=missing,
    )


def _check_replaced(installation: Installation, name: str, change: Change) -> None:
    """Refuse ``pip install --target`` over another version: pip does not replace existing folders.

    :raises DecisionError: unless ``--upgrade`` lets pip replace it.
    """
    folder = installation.folder
    if not (installation.program == "pip install" and installation.counted == "nothing" and folder is not None):
        return
    found = DistributionIndex((folder,)).find(name)
    if found is not None and found.version != change.version and not installation.upgrades:
        from .ways_out import would_not_replace  # noqa: PLC0415 - only for a stop

        raise would_not_replace(name, found.version, str(change.version), folder)


def reconcile(
    stated: Resolution, decided: Resolution | None, decision: Decision | None, error: DecisionError
) -> Decided:
    """Return the decision; a runtime that was set by hand must agree with it.

    :param error: raised if they differ.
    """
    if decided is None:
        return stated, Decision(
            kind="pinned", evidence=f"{stated.origin}; nothing else installs {stated.identity.name}"
        )
    if stated.accepts(decided.identity, "exact"):
        return decided, decision
    raise error
