"""Calling a hook of the real backend with the stand-in: this side of the process border."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ..archives.packed import BROKEN, Header
from ..errors import NoAnswer
from ..formats.jsontext import parse_json
from ..system.files import is_file, is_folder, read_text
from .facts import Facts

_START = (
    "import importlib, json, pathlib, sys; control = json.loads(pathlib.Path(sys.argv[1]).read_text('utf-8'));"
    " sys.path[:] = control['path']; importlib.import_module(control['child']).main(control)"
)


class HookRequest(NamedTuple):
    """One call of a hook of the real backend."""

    backend: str
    """The real backend, as PEP 517 spells it."""
    backend_path: Sequence[str]
    source: Path
    hook: str
    folder: Path | None
    """Where the hook puts what it makes; None where it makes nothing."""
    config_settings: Mapping[str, Any] | None


class _Outcome(NamedTuple):
    """What came of a call with one of the stand-ins."""

    facts: Facts
    folder: Path
    value: Any
    failure: str | None
    asked: frozenset[str]
    """The guesses that were asked for."""
    output: str


def call_with_stub(request: HookRequest, facts: Sequence[Facts], show: Callable[[str], None]) -> Any:  # noqa: ANN401
    """Return what the hook returns: a list of requirements, or the name of what it made in the folder.

    To be called where the variables and the import path of the real backend are set.

    :param facts: the stand-ins; where a guess is asked for, all that the build script accepts must lead to the same.
    :param show: takes what the build script printed.
    :raises NoAnswer: when there is no answer that can be used; it says why.
    """
    with tempfile.TemporaryDirectory(prefix="runtime-backend-stub-") as work:
        outcomes = list(_outcomes(request, facts, Path(work)))
        answered = [outcome for outcome in outcomes if outcome.failure is None]
        if not answered:
            raise NoAnswer(outcomes[0].failure)
        if request.folder is not None and not isinstance(answered[0].value, str):
            raise NoAnswer(f"the real backend has no {request.hook}")
        first, asked = answered[0], sorted(frozenset().union(*(outcome.asked for outcome in answered)))
        differ = any(_content(request, outcome) != _content(request, first) for outcome in answered[1:])
        if differ or not all(_is_varied(name, answered) for name in asked):
            raise NoAnswer(f"the answer depends on what is not known of torch: {', '.join(asked)}")
        show(first.output)
        if request.folder is not None:
            _move(first.folder / first.value, request.folder / first.value)
        return first.value


def _is_varied(name: str, answered: Sequence[_Outcome]) -> bool:
    """Return whether the answers were given for more than one guess at a fact; else nothing is known of the others."""
    return len({getattr(outcome.facts, name.removeprefix("torch.")) for outcome in answered}) > 1


def _outcomes(request: HookRequest, facts: Sequence[Facts], work: Path) -> Iterator[_Outcome]:
    """Call with one stand-in after the other, until nothing is asked that would be another one's guess."""
    for number, guess in enumerate(facts):
        outcome = _call(request, guess, work / str(number))
        yield outcome
        if not outcome.asked:
            return


def _call(request: HookRequest, facts: Facts, work: Path) -> _Outcome:
    made, told = work / "made", work / "answer.json"
    made.mkdir(parents=True)
    (work / "facts.json").write_text(json.dumps(facts.as_json()), "utf-8")
    (work / "control.json").write_text(json.dumps(_control(request, made, told)), "utf-8")
    stand_in = str(Path(__file__).parent)
    path = os.pathsep.join(filter(None, [stand_in, os.environ.get("PYTHONPATH")]))
    child = subprocess.run(  # noqa: S603 - this interpreter, with our own code
        [sys.executable, "-c", _START, str(work / "control.json")],
        env={**os.environ, "PYTHONPATH": path, "RUNTIME_BACKEND_STUB": str(work)},
        cwd=request.source,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    answer = _read_answer(told)
    asked = _read_notes(work)
    unknown = next((f"the stand-in torch has no {note[1]}" for note in asked if note[0] == "unknown"), None)
    ended = f"the process ended with exit code {child.returncode}" if "value" not in answer else None
    return _Outcome(
        facts=facts,
        folder=made,
        value=answer.get("value"),
        failure=unknown or answer.get("failure") or ended,
        asked=frozenset(note[1] for note in asked if note[0] == "guessed"),
        output=child.stdout.decode("utf-8", errors="replace"),
    )


def _control(request: HookRequest, made: Path, told: Path) -> dict[str, Any]:
    folder = [] if request.folder is None else [str(made)]
    return {
        # A vendored shim is imported by the frontend's own ways, and its folder need not be on the path.
        "path": [str(Path(__file__).parent), *sys.path, str(Path(__file__).parents[2])],
        "child": f"{__package__}.child",
        "backend": request.backend,
        "backend_path": list(request.backend_path),
        "source": str(request.source),
        "hook": request.hook,
        "arguments": [*folder, None if request.config_settings is None else dict(request.config_settings)],
        "answer": str(told),
    }


def _read_answer(told: Path) -> dict[str, Any]:
    """Return what the child wrote down; nothing where the build script has spoilt it."""
    try:
        answer = parse_json(read_text(told), is_own=True)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _read_notes(work: Path) -> list[list[str]]:
    notes = work / "notes.jsonl"
    return [json.loads(line) for line in notes.read_text("utf-8").splitlines()] if is_file(notes) else []


def _content(request: HookRequest, outcome: _Outcome) -> tuple[Any, bytes]:
    """Return what an answer comes to: the requirements, or the name of what was made and the metadata in it."""
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
        raise NoAnswer(f"{outcome.value} is no sdist with a PKG-INFO") from None


def _move(made: Path, place: Path) -> None:
    """Put a file or folder where the frontend wants it, which may be on another disk; an old one is replaced."""
    import shutil  # noqa: PLC0415 - a call that makes something needs it

    if is_folder(place):
        shutil.rmtree(place)
    shutil.move(made, place)
