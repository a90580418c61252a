"""The asker: one dry run for all hooks of a command, and an answer that is kept."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest
from callers import Scene
from dry_runs import StandIn, installation_of, make_asker, make_frontend, saying
from standins import blocked, write

from runtime_backend.errors import DecisionError
from runtime_backend.frontend.asking import dry_run as module
from runtime_backend.frontend.asking.answer import Answer, Change, read_answer
from runtime_backend.frontend.asking.guard import GUARD, is_asking
from runtime_backend.frontend.caller import Caller

pytestmark = pytest.mark.asks

MOVED = {"torch": Change(version="9.4.0")}


@pytest.fixture
def uv(tmp_path: Path) -> StandIn:
    """Return a uv that is about to replace torch."""
    return make_frontend(tmp_path / "stand-ins", "uv", saying(" - torch==9.1.0", " + torch==9.4.0"))


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """Return a machine."""
    return Scene(tmp_path / "scene")


def call(
    scene: Scene, uv: StandIn, *, pid: int = 7, started: str = "100", line: str = "pip install -U torch"
) -> Caller:
    """Return the caller under a process of uv, as one of its hooks sees it."""
    caller = scene.uv({"HOME": str(scene.root), "PWD": str(scene.elsewhere), "PATH": ""}, *line.split())
    (process, *others) = caller.list_ancestors()
    seen = [process._replace(pid=pid, started=started), *others]
    return caller._replace(environ={**caller.environ, "UV": str(uv.path)}, list_ancestors=lambda: seen)


def test_guard(tmp_path: Path, uv: StandIn, scene: Scene) -> None:
    """The dry run passes a variable to its hooks, which then ask nothing."""
    caller = call(scene, uv)
    assert not is_asking(installation_of(caller).environ)
    make_asker(tmp_path / "asked", caller).ask(installation_of(caller))
    assert is_asking(uv.note.environ)
    assert ("_RUNTIME_BACKEND_ASKING", "1") == (GUARD, uv.note.environ[GUARD])
    assert not is_asking({GUARD: ""})


def test_variables_of_an_unread_process(tmp_path: Path, uv: StandIn, scene: Scene) -> None:
    """If the frontend's variables cannot be read, the dry run gets the person's."""
    caller = call(scene, uv)
    seen = [process._replace(environ={}) for process in caller.list_ancestors()]
    unread = caller._replace(list_ancestors=lambda: seen, environ={**caller.environ, "MINE": "1"})
    make_asker(tmp_path / "asked", unread).ask(installation_of(unread))
    assert "1" == uv.note.environ["MINE"]
    assert "VIRTUAL_ENV" not in uv.note.environ


def test_kept(tmp_path: Path, uv: StandIn, scene: Scene) -> None:
    """One hook asks, and the others of the same process read its answer; nothing else is left."""
    caller = call(scene, uv)
    asker = make_asker(tmp_path / "deep/asked", caller)
    installation = installation_of(caller)
    assert None is asker.recall(installation)
    expected = Answer(command="uv pip install --dry-run", changes=MOVED)
    assert expected == asker.ask(installation)
    second = make_asker(tmp_path / "deep/asked", call(scene, uv))
    assert expected == second.recall(installation_of(second.caller))
    assert expected == second.ask(installation_of(second.caller))
    assert 1 == len(uv.notes)
    assert [".json", ".lock"] == sorted(path.suffix for path in (tmp_path / "deep/asked").iterdir())


@pytest.mark.parametrize("other", ["pid", "started", "line", "cwd", "offline"])
def test_not_kept(other: str, tmp_path: Path, uv: StandIn, scene: Scene) -> None:
    """An answer counts for one process and one folder, even if another process has the same pid or arguments."""
    caller = call(scene, uv)
    make_asker(tmp_path / "asked", caller).ask(installation_of(caller))
    changed = {
        "pid": call(scene, uv, pid=8),
        "started": call(scene, uv, started="101"),
        "line": call(scene, uv, line="pip install torch"),
        "cwd": _moved(caller, scene.root),
        "offline": caller,
    }[other]
    asker = make_asker(tmp_path / "asked", changed, is_offline=other == "offline")
    assert None is asker.recall(installation_of(changed))
    asker.ask(installation_of(changed))
    assert 2 == len(uv.notes)


def _moved(caller: Caller, cwd: Path) -> Caller:
    seen = [process._replace(cwd=cwd) for process in caller.list_ancestors()]
    return caller._replace(list_ancestors=lambda: seen)


def test_words_that_are_no_text(tmp_path: Path, uv: StandIn, scene: Scene) -> None:
    """The answer is kept even if the command line is not UTF-8."""
    caller = call(scene, uv, line="pip install ./\udcff")
    asker = make_asker(tmp_path / "asked", caller)
    asker.ask(installation_of(caller))
    assert Answer(command="uv pip install --dry-run", changes=MOVED) == asker.recall(installation_of(caller))


def test_side_by_side(tmp_path: Path, scene: Scene) -> None:
    """Hooks that ask at the same time start one dry run: uv builds several packages in parallel."""
    uv = make_frontend(tmp_path / "stand-ins", "uv", f"import time; time.sleep(0.3)\n{saying(' + torch==9.4.0')}")
    caller = call(scene, uv)
    answers: list[Answer] = []

    def ask() -> None:
        answers.append(make_asker(tmp_path / "asked", caller).ask(installation_of(caller)))

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [Answer(command="uv pip install --dry-run", changes=MOVED)] * 3 == answers
    assert 1 == len(uv.notes)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"command": "x", "changes": {"a": {"versio": 1}}}', None])
def test_unreadable_answer(text: str | None, tmp_path: Path) -> None:
    """An unreadable kept answer is ignored."""
    assert None is read_answer(tmp_path / "absent" if text is None else write(tmp_path / "kept.json", text))


def test_answer_as_text(tmp_path: Path) -> None:
    """An answer that is kept is the same when it is read."""
    changes = {"a": Change(version=None), "b": Change(version="1", url="https://example.org/b-1.whl", sha256="00")}
    answer = Answer(command="a command", changes=changes)
    assert answer == read_answer(write(tmp_path / "kept.json", answer.as_json()))


def test_old_answers(tmp_path: Path, uv: StandIn, scene: Scene) -> None:
    """Answers older than a day, and files of killed hooks, are removed when the next answer is kept."""
    old = [write(tmp_path / "asked" / name, "") for name in ("a.json", "a.lock", "b.new")]
    new = write(tmp_path / "asked/c.json", "")
    left = write(tmp_path / "asked/d/resolution.txt", "").parent
    for path in (*old, left):
        os.utime(path, (time.time() - 25 * 60 * 60,) * 2)
    os.utime(new, (time.time() - 23 * 60 * 60,) * 2)
    caller = call(scene, uv)
    make_asker(tmp_path / "asked", caller).ask(installation_of(caller))
    assert [] == [path for path in (*old, left) if path.exists()]
    assert new.exists()


def test_answer_that_is_removed_meanwhile(
    tmp_path: Path, uv: StandIn, monkeypatch: pytest.MonkeyPatch, scene: Scene
) -> None:
    """Another hook may remove an old answer first."""
    caller = call(scene, uv)
    monkeypatch.setattr("runtime_backend.frontend.asking.asker.list_names", lambda _: ["gone.json"])
    assert MOVED == make_asker(tmp_path / "asked", caller).ask(installation_of(caller)).changes


def test_unwritable_folder(tmp_path: Path, uv: StandIn, scene: Scene) -> None:
    """If no answer can be kept, the message names the cache folder."""
    folder, caller = blocked(tmp_path), call(scene, uv)
    with pytest.raises(DecisionError) as caught:
        make_asker(folder, caller).ask(installation_of(caller))
    assert (
        f"the frontend's answer cannot be kept in {folder}: Not a directory: {folder.parent}\n"
        "Name a cache folder that can be written to: RUNTIME_BACKEND_CACHE_DIR=/path."
    ) == str(caught.value)
    assert [] == uv.notes


def test_left_by_a_killed_hook(tmp_path: Path, uv: StandIn, scene: Scene) -> None:
    """After a hook was killed, the next hook of the same command can still ask."""
    caller = call(scene, uv, line="pip install -U torch --target lib")
    asker = make_asker(tmp_path / "asked", caller)
    asker.ask(installation_of(caller))
    for path in (tmp_path / "asked").glob("*.json"):
        path.unlink()
    write(Path(uv.note.work) / "folder/left", "")
    assert MOVED == asker.ask(installation_of(caller)).changes


def test_slow_asker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scene: Scene) -> None:
    """A line names the dry run that is slow."""
    monkeypatch.setattr(module, "_PATIENCE", 0.01)
    body = f"import time\ntime.sleep(0.2)\n{saying('Would make no changes')}"
    uv, said = make_frontend(tmp_path / "stand-ins", "uv", body), list[str]()
    caller = call(scene, uv)
    make_asker(tmp_path / "asked", caller, say=said.append).ask(installation_of(caller))
    assert ["asking the frontend what it is about to install (uv pip install --dry-run) ..."] == said


def test_failure_of_the_asker(tmp_path: Path, scene: Scene) -> None:
    """A failure is not kept: the next hook asks again; and no work is left."""
    uv = make_frontend(tmp_path / "stand-ins", "uv", "sys.exit(2)")
    caller = call(scene, uv)
    asker = make_asker(tmp_path / "asked", caller)
    for count in (1, 2):
        with pytest.raises(DecisionError, match=r"^uv pip install --dry-run failed with exit code 2, "):
            asker.ask(installation_of(caller))
        assert (count, None) == (len(uv.notes), asker.recall(installation_of(caller)))
    assert [".lock"] == [path.suffix for path in (tmp_path / "asked").iterdir()]
