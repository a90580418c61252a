"""The guard of an editable that rebuilds itself: stops an import that would rebuild it against another runtime.

This file is copied into the editable's wheel, with its data at the end, and uses the standard library alone. A ``.pth``
file imports it at every start of the interpreter, so everything but ``sys`` is imported later. The finder of the
real backend's loader stays as it is; this one comes before it on ``sys.meta_path``, checks once what the rebuild needs,
and sets the variables of the build while the other finders look for the module.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any

_MARKERS = ("MESONPY_EDITABLE_SKIP", "SKBUILD_EDITABLE_SKIP")
"""Variables with the build folders that are being built; their loaders find nothing then."""
_ASSIGNMENT = r"(?m)^(\w+)\s*(?::[^=\n]+)?=\s*(?:'([^'\n]*)'|\"([^\"\n]*)\")\s*$"
FACTS = ("cuda", "hip", "rocm", "xpu", "git_version")


class Guard:
    """The finder.

    :param data: what the build knew: see :mod:`.guarding`.
    """

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.data = data
        self._exact = frozenset(data["modules"])
        self._top_level = frozenset(data["top-level"])
        self._is_checked = False
        self._lock = _shared_lock()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return what the other finders find, in the surroundings of the build.

        :raises ImportError: if a rebuild would fail, or mix two runtimes.
        """
        if fullname not in self._exact and fullname.partition(".")[0] not in self._top_level:
            return None
        import os  # noqa: PLC0415 - late, to start quickly

        building = [folder for name in _MARKERS for folder in os.environ.get(name, "").split(os.pathsep)]
        if self.data["build"] in building:
            return None
        if not self._is_checked:
            _check(self.data, fullname)
            self._is_checked = True
        with self._lock, _Variables(self.data):
            found = (finder.find_spec(fullname, path, target) for finder in _others(self))
            return next((spec for spec in found if spec is not None), None)


def start(data: Mapping[str, Any]) -> None:
    """Put the guard before the finders of the loader.

    In a virtual environment, ``site`` runs each ``.pth`` file twice, and so some loaders have two finders.
    """
    sys.meta_path[:] = [finder for finder in sys.meta_path if not (isinstance(finder, Guard) and finder.data == data)]
    sys.meta_path.insert(0, Guard(data))


def _shared_lock() -> Any:  # noqa: ANN401 - _thread.RLock is a function for type checkers
    """Return the lock of all guards of this process, which change the same variables."""
    import _thread  # noqa: PLC0415 - built in; threading takes longer to import

    return vars(sys).setdefault("_runtime_backend_guard_lock", _thread.RLock())


def _others(guard: Guard) -> Iterator[Any]:
    return (finder for finder in list(sys.meta_path) if finder is not guard and hasattr(finder, "find_spec"))


class _Variables:
    """The variables of the build, set during a block: a loader starts its build with those of the process."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._data = data
        self._before: dict[str, str | None] = {}

    def __enter__(self) -> None:
        import os  # noqa: PLC0415 - late, to start quickly

        changes = dict(self._changes(os.environ))
        self._before = {name: os.environ.get(name) for name in changes}
        _set(changes)

    def __exit__(self, *_: object) -> None:
        _set(self._before)

    def _changes(self, environ: Mapping[str, str]) -> Iterator[tuple[str, str | None]]:
        from os import pathsep  # noqa: PLC0415 - late, to start quickly

        for name, (value, is_forced) in self._data["variables"].items():
            if is_forced or name not in environ:
                yield name, value
        for name, (first, last) in self._data["paths"].items():
            now = [folder for folder in environ.get(name, "").split(pathsep) if folder not in (*first, *last, "")]
            yield name, pathsep.join([*first, *now, *last])


def _set(changes: Mapping[str, str | None]) -> None:
    import os  # noqa: PLC0415 - late, to start quickly

    for name, value in changes.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def _check(data: Mapping[str, Any], fullname: str) -> None:
    import os  # noqa: PLC0415 - late, to start quickly

    for path, what in data["needed"]:
        if not os.path.exists(path):  # noqa: PTH110 - pathlib takes longer to import
            _stop(data, fullname, f"{what} is gone: found nothing at {path}, expected what it was built with")
    for runtime in data["runtimes"]:
        found = read_runtime(runtime)
        if found is None:
            _stop(data, fullname, f"it was built against {_named(runtime)}, and {runtime['name']} is not installed")
        elif not fits(runtime, found):
            _stop(data, fullname, f"it was built against {_named(runtime)}; found {_named(found)} ({found['place']})")
    _note_use(data["environment"])


def _stop(data: Mapping[str, Any], fullname: str, why: str) -> None:
    message = f"{data['name']} rebuilds itself on import, and cannot be rebuilt: {why}.\nRun: {command(data)}"
    raise ImportError(message, name=fullname)


def _named(runtime: Mapping[str, Any]) -> str:
    text = f"{runtime['name']} {runtime['version']}"
    return text if runtime["reported"] == runtime["version"] else f"{text} (calls itself {runtime['reported']})"


def read_runtime(runtime: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the facts of the installed runtime without importing it; None if it is not installed."""
    import importlib.metadata  # noqa: PLC0415 - late, to start quickly
    import importlib.util  # noqa: PLC0415
    import re  # noqa: PLC0415

    try:
        spec = importlib.util.find_spec(runtime["module"])
        version = importlib.metadata.version(runtime["name"])
    except (ImportError, ValueError):  # PackageNotFoundError is an ImportError; ValueError: a module without a spec
        return None
    if spec is None:
        return None
    folder = next(iter(spec.submodule_search_locations or ()), None)
    facts = {name: one or two for name, one, two in re.findall(_ASSIGNMENT, _read(f"{folder}/version.py"))}
    reported = facts.get("__version__") or facts.get("version") or version
    known = {name: facts.get(name) for name in FACTS}
    return {"name": runtime["name"], "version": version, "reported": reported, "place": folder or spec.origin, **known}


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:  # noqa: PTH123 - late, to start quickly
            return file.read()
    except OSError:
        return ""


def fits(built: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    """Return whether code that was built against one runtime can run with another, by the rule's ``match``.

    The same comparison as in ``installed.identity``, which the target does not have.
    """
    if built["match"] == "exact":
        return all(built[name] == found[name] for name in ("reported", *FACTS))
    if _accelerator(built) != _accelerator(found):
        return False
    older, newer = _release(built["version"]), _release(found["version"])
    return (*older, 0, 0)[:2] == (*newer, 0, 0)[:2] if built["match"] == "minor" else newer >= older


def _accelerator(runtime: Mapping[str, Any]) -> tuple[str, str]:
    """Return the accelerator and its major version: ("cuda", "12")."""
    rocm = runtime["hip"] or runtime["rocm"]
    if runtime["cuda"] or rocm:
        return ("cuda" if runtime["cuda"] else "rocm"), (runtime["cuda"] or rocm).partition(".")[0]
    return ("xpu" if runtime["xpu"] else "cpu"), ""


def _release(version: str) -> tuple[int, ...]:
    """Return the numbers of a version, without zeros at their end: (2, 7) for 2.7.0rc1+cu126."""
    import re  # noqa: PLC0415 - late, to start quickly

    found = re.match(r"v?(?:\d+!)?(\d+(?:\.\d+)*)", version.strip().lower())
    numbers = [int(part) for part in found.group(1).split(".")] if found else []
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)


def command(data: Mapping[str, Any]) -> str:
    """Return the command that builds the editable again, by the frontend that installed it as far as that is known."""
    import importlib.machinery  # noqa: PLC0415 - late, to start quickly
    import os  # noqa: PLC0415
    import shlex  # noqa: PLC0415

    site = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - late, to start quickly
    installer = _read(f"{site}/{data['info']}/INSTALLER").strip().lower()
    if installer == "pdm":
        project = os.path.dirname(sys.prefix)  # noqa: PTH120 - late, to start quickly
        return shlex.join(["pdm", "sync", "--reinstall", "--project", project])
    # Not by all finders: that of setuptools takes a search for pip as the start of pip.
    if installer != "uv" and importlib.machinery.PathFinder.find_spec("pip") is not None:
        return shlex.join([sys.executable, "-m", "pip", "install", "--no-deps", "-e", data["source"]])
    words = ["uv", "pip", "install", "--python", sys.prefix, "--no-deps", "--reinstall", "-e", data["source"]]
    return shlex.join(words)


def _note_use(environment: str) -> None:
    """Write where this guard is, so that ``runtime-backend cache prune`` spares the environment."""
    import binascii  # noqa: PLC0415 - late, to start quickly
    import os  # noqa: PLC0415

    path = os.path.abspath(__file__)  # noqa: PTH100 - late, to start quickly
    note = f"{environment}/users/{binascii.crc32(os.fsencode(path)):08x}"
    try:
        with open(note, "x", encoding="utf-8", errors="surrogateescape") as file:  # noqa: PTH123 - late, to start quickly
            file.write(path)
    except OSError:  # written before, or the cache is not writable
        return
