"""Calling a hook of the real backend with the stand-in torch, in a child process (see :mod:`..real.calling`)."""

from __future__ import annotations

import json
import os
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ..archives.packed import BROKEN, Header
from ..errors import BackendError, NoAnswer
from ..real.backend import ChildFailed
from ..real.calling import HookRequest, call_in_child
from ..real.surroundings import ChildSurroundings, Surroundings
from ..system.files import is_file, is_folder, read_text
from .facts import Facts


class _Outcome(NamedTuple):
    """The result of a call with one of the stand-ins."""

    facts: Facts
    folder: Path
    value: Any
    failure: str | None
    asked: frozenset[str]
    """The guesses that were asked for."""
    output: str


def call_with_stub(
    request: HookRequest, around: Surroundings, facts: Sequence[Facts], show: Callable[[str], None]
) -> Any:  # noqa: ANN401 - any result of a hook
    """Return the result of a hook: a list of requirements, or the name of what it made in the folder.

    :param facts: the stand-ins. If a guess is asked for, all that the build script accepts must give the same result.
    :param show: gets the output of the build script.
    :raises NoAnswer: if no answer can be used; the message is the reason.
    """
    with tempfile.TemporaryDirectory(prefix="runtime-backend-stub-") as work:
        outcomes = list(_outcomes(request, around, facts, Path(work)))
        answered = [outcome for outcome in outcomes if outcome.failure is None]
        if not answered:
            raise NoAnswer(outcomes[0].failure)
        first, asked = answered[0], sorted(frozenset().union(*(outcome.asked for outcome in answered)))
        differ = any(_content(request, outcome) != _content(request, first) for outcome in answered[1:])
        if differ or not all(_is_varied(name, answered) for name in asked):
            raise NoAnswer(f"the answer depends on facts of torch that are not known: {', '.join(asked)}")
        show(first.output)
        if request.folder is not None:
            _move(first.folder / first.value, request.folder / first.value)
        return first.value


def _is_varied(name: str, answered: Sequence[_Outcome]) -> bool:
    """Return whether the answers cover more than one guess at a fact; with only one, other values are untested."""
    return len({getattr(outcome.facts, name.removeprefix("torch.")) for outcome in answered}) > 1


def _outcomes(request: HookRequest, around: Surroundings, facts: Sequence[Facts], work: Path) -> Iterator[_Outcome]:
    """Call with one stand-in after the other, until no guess is asked for."""
    for number, guess in enumerate(facts):
        outcome = _call(request, around, guess, work / str(number))
        yield outcome
        if not outcome.asked:
            return


def _call(request: HookRequest, around: Surroundings, facts: Facts, work: Path) -> _Outcome:
    made = work / "made"
    made.mkdir(parents=True)
    (work / "facts.json").write_text(json.dumps(facts.as_json()), "utf-8")
    printed: list[str] = []

    def run(command: Sequence[str], environ: Mapping[str, str], folder: Path) -> int:
        child = subprocess.run(  # noqa: S603 - this interpreter, with our own code
            command,
            env=environ,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        printed.append(child.stdout.decode("utf-8", errors="replace"))
        return child.returncode

    value, failure = None, None
    try:
        value = call_in_child(
            request if request.folder is None else request._replace(folder=made), _with_stub(around, work), run
        ).value
    except (BackendError, ChildFailed) as error:
        failure = error.message if isinstance(error, BackendError) else error.summary
    asked = _read_notes(work)
    unknown = next((f"the stand-in torch has no {note[1]}" for note in asked if note[0] == "unknown"), None)
    return _Outcome(
        facts=facts,
        folder=made,
        value=value,
        failure=unknown or failure,
        asked=frozenset(note[1] for note in asked if note[0] == "guessed"),
        output="".join(printed),
    )


def _with_stub(around: Surroundings, work: Path) -> ChildSurroundings:
    """Return the surroundings of a child process that sees the stand-in, like the interpreters that it starts."""
    stand_in, found = str(Path(__file__).parent), around.of_child()
    path = os.pathsep.join(filter(None, [stand_in, found.environ.get("PYTHONPATH")]))
    return found._replace(
        environ={**found.environ, "PYTHONPATH": path, "RUNTIME_BACKEND_STUB": str(work)},
        path=[stand_in, *found.path],
        preparation="stub.child",
        writes_bytecode=False,
    )


def _read_notes(work: Path) -> list[list[str]]:
    notes = work / "notes.jsonl"
    return [json.loads(line) for line in notes.read_text("utf-8").splitlines()] if is_file(notes) else []


def _content(request: HookRequest, outcome: _Outcome) -> tuple[Any, bytes]:
    """Return the comparable content of a result: the requirements, or the name and metadata of what was made."""
    if request.folder is None:
        return outcome.value, b""
    made = outcome.folder / outcome.value
    if is_folder(made):
        return outcome.value, read_text(made / "METADATA").encode()
    try:
        with tarfile.open(made, tarinfo=Header) as archive:
            member = archive.extractfile(f"{outcome.value.removesuffix('.tar.gz')}/PKG-INFO")
            return outcome.value, b"" if member is None else member.read()
    except BROKEN:
        raise NoAnswer(f"{outcome.value}: expected an sdist with a PKG-INFO") from None


def _move(made: Path, place: Path) -> None:
    """Move a file or folder to the frontend's folder, possibly on another disk, replacing an old one."""
    import shutil  # noqa: PLC0415 - only calls that make something need it

    if is_folder(place):
        shutil.rmtree(place)
    shutil.move(made, place)
