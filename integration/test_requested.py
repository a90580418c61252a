"""What the same command names, by its words or by its files: it beats what is installed, and is enough where nothing is."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from .checks import check_hooks, check_installed
from .combinations import crossed, some
from .index import Index
from .stock import NEWEST_PIP, NEWEST_UV, OLDEST_PIP, OLDEST_UV
from .workplace import Target, Workplace

NEWEST = [("pip", NEWEST_PIP), ("uv", NEWEST_UV)]
FRONTENDS = [("pip", OLDEST_PIP), ("uv", OLDEST_UV), *NEWEST]


def install(place: Workplace, index: Index, target: Target, frontend: tuple[str, str], *words: object) -> None:
    """Install by pip or uv pip, from the index alone; torch comes slowly."""
    index.delay = 0.7
    url = f"--index-url={index.url('main')}"
    if frontend[0] == "pip":
        nothing: dict[str, Any] = {"PIP_NO_INDEX": None, "PIP_FIND_LINKS": None}
        place.run(target.python, "-m", "pip", "install", url, *words, **nothing)
    else:
        nothing = {"UV_OFFLINE": None, "UV_FIND_LINKS": None}
        place.uv(frontend[1], "pip", "install", "-p", target.prefix, url, *words, **nothing)


def environment(place: Workplace, frontend: tuple[str, str], torch: str | None) -> Target:
    """Return an environment, with the pip that is asked for."""
    return place.target(torch, pip=frontend[1] if frontend[0] == "pip" else None)


@some("frontend", FRONTENDS, *NEWEST)
def test_requirements_into_an_empty_environment(place: Workplace, index: Index, frontend: tuple[str, str]) -> None:
    """One stage from nothing: torch is pinned in the file, and the index has a newer one."""
    target, package = environment(place, frontend, None), place.package("probe_setuptools")
    (place.folder / "requirements.txt").write_text(f"torch==2.6.0\n{package}\n", "utf-8")
    install(place, index, target, frontend, "-r", "requirements.txt")
    check_hooks(place, {"get_requires_for_build_wheel": "require", "build_wheel": "present", "*": "present"}, "2.6.0")
    check_installed(place, target, "probe_setuptools", "2.6.0", provision="present", grows=True)


@crossed(how=["words", "-r", "-c", "nested"], frontend=NEWEST)
def test_another_one_is_installed(place: Workplace, index: Index, frontend: tuple[str, str], how: str) -> None:
    """The command is about to replace the installed torch: the wheel is for the one that comes."""
    target, package = environment(place, frontend, "2.7.0"), place.package("probe_setuptools")
    pins = place.folder / "pins" / "pins.txt"
    pins.parent.mkdir()
    pins.write_text("torch==2.8.0  # the newest\n", "utf-8")
    (place.folder / "all.txt").write_text(f"-r pins/pins.txt\n{package}\n", "utf-8")
    words: dict[str, list[object]] = {
        "words": ["torch==2.8.0", package],
        "-r": ["-r", pins, package],
        "-c": ["-c", pins, "-U", "torch", package],
        "nested": ["-r", "all.txt"],
    }
    install(place, index, target, frontend, *words[how])
    check_hooks(place, {"get_requires_for_build_wheel": "require", "build_wheel": "present", "*": "present"}, "2.8.0")
    check_installed(place, target, "probe_setuptools", "2.8.0", provision="present", grows=True)


@some("frontend", NEWEST, NEWEST[0])
def test_lock_of_the_command(place: Workplace, index: Index, frontend: tuple[str, str]) -> None:
    """``-r pylock.toml``: what the lock pins replaces what is installed."""
    target, package = environment(place, frontend, "2.7.0"), place.package("probe_setuptools")
    wheel = next(path for name, path in index.files.items() if name.startswith("torch-2.8.0-"))
    place.uv(NEWEST_UV, "build", "--sdist", f"-o{place.folder}", package, RUNTIME_BACKEND_TARGET=target.prefix)
    place.forget()
    files = [wheel, index.files["torchdep-1.0-py3-none-any.whl"], *place.folder.glob("*.tar.gz")]
    (place.folder / "pylock.toml").write_text("".join([_HEAD, *map(_entry, files)]), "utf-8")
    install(place, index, target, frontend, "-r", "pylock.toml")
    check_hooks(place, {"get_requires_for_build_wheel": "require", "build_wheel": "present", "*": "present"}, "2.8.0")
    check_installed(place, target, "probe_setuptools", "2.8.0", provision="present", grows=True)


_HEAD = 'lock-version = "1.0"\ncreated-by = "a test"\n'


def _entry(file: Path) -> str:
    """Return a file's entry in a lock (PEP 751)."""
    name, version = file.name.removesuffix(".tar.gz").split("-")[:2]
    kind = "sdist" if file.suffix == ".gz" else "wheels"
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    artifact = f'{{ url = "{file.as_uri()}", hashes = {{ sha256 = "{digest}" }} }}'
    artifact = artifact if kind == "sdist" else f"[{artifact}]"
    return f'[[packages]]\nname = "{name.replace("_", "-")}"\nversion = "{version}"\n{kind} = {artifact}\n'
