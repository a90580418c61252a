"""Make the sample lock files of this folder again, with the real tools and stand-ins for torch.

Run it as ``python3.11 make_samples.py [FOLDER ...]``, FOLDER being one like ``uv-0.13.9``; without, all are made.
Needed are git, a free port, and a package index from which pip can install the tools themselves.

In a copy of every case the tool that its folder is named after is run, and the lock it wrote is copied back. The tools
see the index of ``stand_ins.py`` and no other, whatever the machine is set up with: a real torch is never downloaded.
The pyproject.toml, Pipfile and requirements.in files are the input and stay as they are. So does expected.json, which is
written by hand; at the end its answers are looked up in the text of the lock.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import venv
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from stand_ins import PORT, serve, write_indexes

HERE = Path(__file__).resolve().parent
WORK = Path("/tmp/lockwork")  # noqa: S108 (the locks of git and flat-path name it, so it is the same everywhere)

GIT_TORCH = """\
[project]
name = "torch"
version = "2.7.0a0+git1341794"
dependencies = ["filelock"]
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tool:
    """What makes the locks of one folder."""

    requirements: tuple[str, ...]
    command: tuple[str, ...]
    lock: str
    project: str = "pyproject.toml"
    cases: dict[str, tuple[tuple[str, ...], ...]] = field(default_factory=dict)
    """Case -> what is run there instead of the command."""


UV_LOCK = ("uv", "lock")
UV_EXPORT = ("uv", "export", "--frozen", "--no-emit-project", "--format", "pylock.toml")
UV_EXPORT_REQUIREMENTS = (*UV_EXPORT[:-1], "requirements.txt", "--emit-index-url")
PIP_COMPILE = ("pip-compile", "--strip-extras", "requirements.in")
PIP_COMPILE_CASES: dict[str, tuple[tuple[str, ...], ...]] = {
    "hashes": ((*PIP_COMPILE, "--generate-hashes"),),
    "extra-index-hashes": ((*PIP_COMPILE, "--generate-hashes"),),
    "index-not-emitted": ((*PIP_COMPILE, "--no-emit-index-url"),),
    "path": ((*PIP_COMPILE, "--generate-hashes"),),
    "url-hashes": ((*PIP_COMPILE, "--generate-hashes"),),
}
UV_COMPILE = ("uv", "pip", "compile", "--universal", "requirements.in", "--output-file", "requirements.txt")
UV_COMPILE_INDEXES = (*UV_COMPILE, "--emit-index-url", "--emit-index-annotation")
UV_BEST = ("--index-strategy", "unsafe-best-match")
UV_COMPILE_CASES: dict[str, tuple[tuple[str, ...], ...]] = {
    "annotated": ((*UV_COMPILE, "--emit-index-annotation"),),
    "credentials": ((*UV_COMPILE_INDEXES, "--generate-hashes", *UV_BEST),),
    "hashes": ((*UV_COMPILE, "--generate-hashes"),),
    "index-url": ((*UV_COMPILE, "--emit-index-url"),),
    "line-style": ((*UV_COMPILE_INDEXES, "--annotation-style", "line", *UV_BEST),),
    "marker-fork": ((*UV_COMPILE_INDEXES, "--generate-hashes", *UV_BEST),),
    "path": ((*UV_COMPILE, "--generate-hashes"),),
    "url-hashes": ((*UV_COMPILE, "--generate-hashes"),),
    "variant-cpu": ((*UV_COMPILE_INDEXES, "--generate-hashes", *UV_BEST),),
    "variant-cu126": ((*UV_COMPILE_INDEXES, "--generate-hashes", *UV_BEST),),
}
PDM_LOCK = ("pdm", "lock")
PDM_TARGETS = (("linux",), ("macos", "--append"), ("windows", "--append"))
PDM_STATIC_TARGETS = (
    (*PDM_LOCK, "--strategy", "static_urls", "--platform", "linux"),
    *((*PDM_LOCK, "--platform", *target) for target in PDM_TARGETS[1:]),
)
PDM_CASES: dict[str, tuple[tuple[str, ...], ...]] = {
    "static-urls": ((*PDM_LOCK, "--strategy", "static_urls"),),
    "no-inherit": ((*PDM_LOCK, "--strategy", "no_inherit_metadata", "--group", ":all"),),
    "groups-default": ((*PDM_LOCK, "--group", "train"),),
    "targets": tuple((*PDM_LOCK, "--platform", *target) for target in PDM_TARGETS),
    "targets-fork": tuple((*PDM_LOCK, "--platform", *target) for target in PDM_TARGETS),
    "targets-static": PDM_STATIC_TARGETS,
    "targets-split": PDM_STATIC_TARGETS,
    "target-other": ((*PDM_LOCK, "--platform", "macos", "--python", "==3.11.*"),),
    "variant-cpu": ((*PDM_LOCK, "--lockfile", "pdm.cpu.lock", "--group", "cpu"),),
    "variant-cu126": ((*PDM_LOCK, "--lockfile", "pdm.cu126.lock", "--group", "cu126"),),
}
TOOLS = {
    "uv-0.13.9": Tool(requirements=("uv==0.13.9",), command=UV_LOCK, lock="uv.lock"),
    "uv-0.8.24": Tool(requirements=("uv==0.8.24",), command=UV_LOCK, lock="uv.lock"),
    "pip-26.3": Tool(
        requirements=("pip==26.3",),
        command=("python", "-m", "pip", "lock", "--group", "dev", "--output", "pylock.toml"),
        lock="pylock.toml",
    ),
    "pdm-2.26.9": Tool(  # this pdm does not start with the newest hishel and unearth
        requirements=("pdm==2.26.9", "hishel[httpx]>=1,<1.2", "unearth<0.19"),
        command=("pdm", "lock", "--group", ":all"),
        lock="pylock.toml",
    ),
    "pdm-lock-2.26.9": Tool(
        requirements=("pdm==2.26.9", "hishel[httpx]>=1,<1.2", "unearth<0.19"),
        command=(*PDM_LOCK, "--group", ":all"),
        lock="pdm.lock",
        cases=PDM_CASES,
    ),
    "poetry-2.5.1": Tool(requirements=("poetry==2.5.1",), command=("poetry", "lock"), lock="poetry.lock"),
    "poetry-1.8.5": Tool(requirements=("poetry==1.8.5",), command=("poetry", "lock"), lock="poetry.lock"),
    "poetry-1.1.15": Tool(requirements=("poetry==1.1.15",), command=("poetry", "lock"), lock="poetry.lock"),
    "pipenv-2026.10.3": Tool(
        requirements=("pipenv==2026.10.3",), command=("pipenv", "lock"), lock="Pipfile.lock", project="Pipfile"
    ),
    "pip-compile-7.6.2": Tool(
        requirements=("pip-tools==7.6.2",),
        command=PIP_COMPILE,
        lock="requirements.txt",
        project="requirements.in",
        cases=PIP_COMPILE_CASES,
    ),
    "uv-compile-0.13.9": Tool(
        requirements=("uv==0.13.9",),
        command=UV_COMPILE,
        lock="requirements.txt",
        project="requirements.in",
        cases=UV_COMPILE_CASES,
    ),
}

# The locks that `uv export` makes of the cases of uv, in a folder of their own: (case, case of uv, lock, arguments).
EXPORTS_FROM = "uv-0.13.9"
EXPORTED = {"uv-export-0.13.9": UV_EXPORT, "uv-export-requirements-0.13.9": UV_EXPORT_REQUIREMENTS}
EXPORTS = (
    ("conflicting-extras-none", "conflicting-extras", "pylock.toml", ()),
    ("conflicting-extras-cpu", "conflicting-extras", "pylock.cpu.toml", ("--extra", "cpu")),
    ("conflicting-extras-cu126", "conflicting-extras", "pylock.cu126.toml", ("--extra", "cu126")),
    *((case, case, "pylock.toml", ()) for case in ("single", "marker-fork", "url", "url-fork", "path", "path-fork")),
    *((case, case, "pylock.toml", ()) for case in ("path-mismatch", "flat", "flat-path", "git", "no-torch")),
)


def write_git_torch(folder: Path) -> None:
    """Write a repository of a torch that has to be compiled, with the same commit each time."""
    folder.mkdir()
    (folder / "pyproject.toml").write_text(GIT_TORCH)
    git = ("git", "-c", "user.name=nobody", "-c", "user.email=nobody@example.invalid")
    dates = {"GIT_AUTHOR_DATE": "2025-04-23T00:00:00Z", "GIT_COMMITTER_DATE": "2025-04-23T00:00:00Z"}
    for command in (("init", "-q", "-b", "main"), ("add", "."), ("commit", "-q", "-m", "Stand in for torch")):
        run([*git, *command], folder, {**clean_environment(), **dates})


def install(folder: str) -> Path:
    """Return where the commands of a tool are, installed once in an environment of its own."""
    environment = WORK / "tools" / folder
    scripts = environment / ("Scripts" if os.name == "nt" else "bin")
    if not environment.exists():
        venv.create(environment, with_pip=True)
        run([scripts / "python", "-m", "pip", "install", *TOOLS[folder].requirements], WORK, dict(os.environ))
    return scripts


def run(command: list[str | Path], folder: Path, environment: dict[str, str]) -> None:
    """Run one command in a folder; its output is shown only if it fails."""
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))} failed in {folder}:\n{done.stdout}{done.stderr}")


def clean_environment() -> dict[str, str]:
    """Return an environment in which no tool knows an index but ours, nor a setting of this machine."""
    index = f"http://127.0.0.1:{PORT}/default/"
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(WORK / "home"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "XDG_CONFIG_HOME": str(WORK / "home"),  # not UV_NO_CONFIG, which hides half of a project's own [tool.uv] too
        "XDG_CONFIG_DIRS": str(WORK / "home"),
        "UV_CACHE_DIR": str(WORK / "cache"),
        "UV_PYTHON": sys.executable,
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_DEFAULT_INDEX": index,
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": index,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_CACHE_DIR": "1",
        "LANG": "C.UTF-8",  # without it pipenv warns instead of working
        "PIPENV_VENV_IN_PROJECT": "1",
        "PDM_PYTHON": sys.executable,
        "PDM_USE_VENV": "0",
        "PDM_IGNORE_SAVED_PYTHON": "1",
        "PDM_CHECK_UPDATE": "0",
        "POETRY_CACHE_DIR": str(WORK / "poetry"),
        "POETRY_VIRTUALENVS_CREATE": "0",
        "POETRY_NO_INTERACTION": "1",
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        "PYTHONHASHSEED": "0",
    }


def lock_cases(folder: str) -> list[Path]:
    """Lock every case of a folder, each in a copy of it that has the wheels of the CPU index beside it."""
    scripts, tool = install(folder), TOOLS[folder]
    # The pylock of pdm is chosen by the environment; several locks of one case are told apart in the middle.
    environment = clean_environment() | ({"PDM_LOCK_FORMAT": "pylock"} if tool.lock == "pylock.toml" else {})
    pattern = "*".join(tool.lock.partition("."))
    cases = sorted(path.parent for path in (HERE / folder).glob(f"*/{tool.project}"))
    for case in cases:
        copy = WORK / "cases" / folder / case.name
        shutil.copytree(case, copy, ignore=shutil.ignore_patterns(pattern, "expected.json"))
        shutil.copytree(WORK / "index" / "cpu" / "torch", copy / "wheels", ignore=shutil.ignore_patterns("*.html"))
        for command in tool.cases.get(case.name, (tool.command,)):
            run([scripts / command[0], *command[1:]], copy, environment)
        for lock in copy.glob(pattern):
            shutil.copy(lock, case)
    return cases


def export_cases(folder: str) -> list[Path]:
    """Export the locks that uv has just made as pylock files, or as requirements files of the same words."""
    scripts, command = install(EXPORTS_FROM), EXPORTED[folder]
    for name, source, pylock, arguments in EXPORTS:
        lock = (
            pylock.replace("pylock", "requirements").replace("toml", "txt") if "requirements.txt" in command else pylock
        )
        copy, case = WORK / "cases" / EXPORTS_FROM / source, HERE / folder / name
        run([scripts / command[0], *command[1:], "--output-file", lock, *arguments], copy, clean_environment())
        case.mkdir(parents=True, exist_ok=True)
        shutil.copy(copy / "pyproject.toml", case)
        shutil.copy(copy / lock, case)
    return [HERE / folder / name for name, *_ in EXPORTS]


def stale_answers(case: Path) -> list[str]:
    """Return a line for every expected version, address or hash that is not in the lock."""
    if not (case / "expected.json").exists():
        return [f"{case.relative_to(HERE)}: expected.json is still to be written"]
    expected = json.loads((case / "expected.json").read_text())
    text = (case / expected["lock"]).read_text()
    words: set[str] = set()
    for answer in (selection["expect"] for selection in expected["selections"]):
        words.update(answer.get("versions", ()))
        words.update(word for key in ("version", "url", "sha256") if (word := answer.get(key)))
        words.update({Path(answer["path"]).name} if answer.get("path") else ())
    return [
        f"{case.relative_to(HERE)}: {word} is expected, and not in {expected['lock']}"
        for word in sorted(words)
        if word not in text and quote(word) not in text
    ]


def main() -> None:
    """Make the samples of the folders named, or of all."""
    parser = argparse.ArgumentParser(description="Make the sample lock files of this folder again.")
    parser.add_argument("folders", nargs="*", metavar="FOLDER", help=f"one of {', '.join(TOOLS)}")
    folders = parser.parse_args().folders or list(TOOLS)
    for name in ("index", "cases", "torch.git", "home"):
        shutil.rmtree(WORK / name, ignore_errors=True)
    (WORK / "home").mkdir(parents=True)
    write_indexes(WORK / "index")
    write_git_torch(WORK / "torch.git")
    with serve(WORK / "index"):
        cases = [case for folder in folders for case in lock_cases(folder)]
        if EXPORTS_FROM in folders:
            cases += [case for folder in EXPORTED for case in export_cases(folder)]
    sys.exit("\n".join(line for case in cases for line in stale_answers(case)) or 0)


if __name__ == "__main__":
    main()
