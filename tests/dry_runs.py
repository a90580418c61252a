"""Stand-in frontends for dry runs: programs of a few lines, which note how they were started and answer as told."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from standins import write

from runtime_backend.frontend.asking.asker import Asker
from runtime_backend.frontend.caller import Caller
from runtime_backend.frontend.installations import Installation, find_installation

_PROGRAM = """\
import json, os, sys

def tree(folder):
    found = {{}}
    for parent, folders, files in os.walk(folder):
        for name in folders + files:
            path = os.path.join(parent, name)
            found[os.path.relpath(path, folder)] = os.readlink(path) if os.path.islink(path) else None
    return found

words, environ = sys.argv[1:], dict(os.environ)
environ.pop("LC_CTYPE", None)  # added by Python itself (PEP 538)
named = [words[i + 1] for i, word in enumerate(words[:-1]) if word == "-o"]
note = {{"words": words, "environ": environ, "cwd": os.getcwd(), "text": sys.stdin.read(),
         "tree": tree(environ["TMPDIR"]), "before": open(named[0]).read() if named else ""}}
with open({notes!r}, "a", encoding="utf-8") as file:
    print(json.dumps(note), file=file)
{body}
"""


@dataclass(frozen=True)
class Note:
    """The note of a stand-in about one start."""

    words: list[str]
    environ: dict[str, str]
    cwd: str
    text: str
    """The text on standard input."""
    tree: dict[str, str | None]
    """The files in the temporary folder: path -> target of a link."""
    before: str
    """The content of the file after ``-o``."""

    @property
    def work(self) -> str:
        """The temporary folder."""
        return self.environ["TMPDIR"]


@dataclass(frozen=True)
class StandIn:
    """A frontend of a few lines."""

    path: Path
    notes_path: Path

    @property
    def notes(self) -> list[Note]:
        """The notes, one per start."""
        if not self.notes_path.exists():
            return []
        return [Note(**json.loads(line)) for line in self.notes_path.read_text("utf-8").splitlines()]

    @property
    def note(self) -> Note:
        """The note of its only start."""
        (note,) = self.notes
        return note


def make_frontend(folder: Path, name: str, body: str = "") -> StandIn:
    """Make a frontend with a name.

    :param body: what it does after its note, in Python; it knows ``words`` and ``named``, the files after ``-o``.
    """
    notes = folder / f"{name}.notes"
    script = write(folder / f"{name}.script", _PROGRAM.format(notes=str(notes), body=body))
    program = write(folder / name, f'#!/bin/sh\nexec {shlex.join([sys.executable, "-IS", str(script)])} "$@"\n')
    program.chmod(0o755)
    return StandIn(path=program, notes_path=notes)


def saying(*lines: str) -> str:
    """Return the body of a frontend that prints lines to standard error."""
    return "".join(f"print({line!r}, file=sys.stderr)\n" for line in lines)


def resolving(*lines: str) -> str:
    """Return the body of a frontend that writes lines to the file after ``-o``."""
    text = "".join(f"{line}\n" for line in lines)
    return f"open(named[0], 'w').write({text!r}) if named else None\n"


def reporting(*items: Mapping[str, Any] | str) -> str:
    """Return the body of a pip that writes a report: of items, or of one text that is no report."""
    text = items[0] if items and isinstance(items[0], str) else json.dumps({"version": "1", "install": items})
    return f"open(words[words.index('--report') + 1], 'w').write({text!r})\n"


def reported(name: str, version: str, url: str, **archive: Any) -> dict[str, Any]:
    """Return an item of pip's report."""
    return {
        "download_info": {"url": url, "archive_info": archive},
        "is_direct": False,
        "requested": True,
        "metadata": {"metadata_version": "2.1", "name": name, "version": version},
    }


def make_asker(
    folder: Path, caller: Caller, *, limit: float = 60.0, is_offline: bool = False, say: Callable[[str], None] = print
) -> Asker:
    """Return an asker whose answers are in a folder."""
    return Asker(folder=folder, caller=caller, limit=limit, is_offline=is_offline, say=say)


def installation_of(caller: Caller) -> Installation:
    """Return the installation of a caller, which must not be None."""
    found = find_installation(caller)
    assert found is not None
    return found


def words_of(note: Note, expected: Sequence[str]) -> list[str]:
    """Return expected words, with the work folder of a start in place of ``WORK``."""
    return [word.replace("WORK", note.work) for word in expected]
