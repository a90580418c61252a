"""Make the samples of conda's tools again, with stand-ins for torch.

Run it as ``python3.11 make_conda_samples.py``. Needed are a free port, and a package index from which pip can install
the tools themselves. There is no pixi and no conda on that index, so neither tool runs as a whole:

``py-rattler-*`` are ``pixi.lock`` files, each written by the library with which pixi reads and writes them, in the
version of the format that this release of it writes. What it is given was never solved: it is put together here, in the
words of that format. ``conda-lock-4.0.3`` are by conda-lock itself; its pip part is solved by it over the index of
``stand_ins.py``, its conda part by ``CONDA`` below, which answers in place of conda with a package or two.

As with ``make_samples.py``, expected.json is written by hand and stays.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from stand_ins import PORT, serve, sha256, write_indexes

HERE = Path(__file__).resolve().parent
WORK = Path("/tmp/lockwork-conda")  # noqa: S108 - the same everywhere, as in make_samples.py
ROOT = f"http://127.0.0.1:{PORT}"
CHANNEL = f"{ROOT}/conda"
LINUX, MACOS, WINDOWS = "cp311-cp311-manylinux_2_28_x86_64", "cp311-none-macosx_11_0_arm64", "cp311-cp311-win_amd64"
TAGS = {"linux-64": LINUX, "osx-arm64": MACOS, "win-64": WINDOWS}
RATTLERS = {"py-rattler-0.8.2": 5, "py-rattler-0.22.0": 6, "py-rattler-0.28.0": 7}
REWRITE = "import sys; from rattler.lock import LockFile; LockFile.from_path(sys.argv[1]).to_path(sys.argv[2])"

CONDA = f"""\
#!{sys.executable}
import json, os, sys
subdir = os.environ.get("CONDA_SUBDIR", "linux-64")
python = ("python", "3.11.9", "h0000000_0")
names = [("pytorch", "2.7.0", "cpu_generic_py311_h1234567_0"), python] if "pytorch" in " ".join(sys.argv) else [python]
def action(name, version, build):
    stem = f"{{name}}-{{version}}-{{build}}"
    url = f"{CHANNEL}/{{subdir}}/{{stem}}.conda"
    fetch = dict(name=name, version=version, build=build, channel=f"{CHANNEL}/{{subdir}}", constrains=[], subdir=subdir,
                 depends=["python"] if name == "pytorch" else [], fn=f"{{stem}}.conda", md5="0" * 32, sha256="0" * 64,
                 timestamp=0, url=url)
    return fetch, {{**fetch, "dist_name": stem, "platform": subdir, "base_url": "{CHANNEL}"}}
actions = [action(*name) for name in names]
print(json.dumps({{"actions": {{"FETCH": [a for a, _ in actions], "LINK": [b for _, b in actions]}}, "success": True}}))
"""

Package = tuple[str, str]
"""``pypi`` or ``conda``, and what distinguishes it: the path of a wheel below the root, or a conda build."""


def wheel(version: str, subdir: str) -> tuple[str, str, Path]:
    """Return (version, URL, file) of the stand-in for torch on an index for one platform."""
    index = version.partition("+")[2] or "default"
    if subdir == "osx-arm64":
        index, version = "default", version.partition("+")[0]
    name = f"torch-{version}-{TAGS[subdir]}.whl"
    return version, f"{ROOT}/{index}/torch/{quote(name)}", WORK / "index" / index / "torch" / name


def pypi(number: int, version: str, subdir: str, how: str = "index") -> tuple[str, str]:
    """Return (selector, entry) of torch as a package of the Python index.

    :param how: ``index``; ``direct``: by a URL of the project; ``path``: a file beside the lock; ``folder``: its source.
    """
    version, url, file = wheel(version, subdir)
    place = {"index": url, "direct": f"direct+{url}", "path": f"./wheels/{file.name}", "folder": "./vendor/torch"}[how]
    hashes = f"  sha256: {sha256(file)}\n" if how in ("index", "path") else ""
    key = "path" if place.startswith(".") else "url"
    head = f"- kind: pypi\n  name: torch\n  version: {version}\n  {key}: {place}\n"
    if number > 5:
        head = f"- pypi: {place}\n  name: torch\n  version: {version}\n"
    return f"pypi: {place}", f"{head}{hashes}  requires_dist:\n  - filelock\n  requires_python: '>=3.9'\n"


def conda(number: int, subdir: str, build: str) -> tuple[str, str]:
    """Return (selector, entry) of torch as a package of conda."""
    url = f"{CHANNEL}/{subdir}/pytorch-2.7.0-{build}.conda"
    told = f"  name: pytorch\n  version: 2.7.0\n  build: {build}\n  subdir: {subdir}\n"
    head = f"- conda: {url}\n" if number > 5 else f"- kind: conda\n{told}  url: {url}\n"
    rest = f"  sha256: {'0' * 64}\n  md5: {'0' * 32}\n  depends:\n  - python >=3.11,<3.12.0a0\n  purls:\n  - pkg:pypi/torch\n"
    return f"conda: {url}", head + rest


def cases(number: int) -> Iterator[tuple[str, dict[str, dict[str, list[tuple[str, str]]]]]]:
    """Yield (case, environment -> platform -> packages)."""
    yield "pypi", {"default": {subdir: [pypi(number, "2.7.0+cpu", subdir)] for subdir in TAGS}}
    build = "cpu_generic_py311_h1234567_0"
    yield "conda", {"default": {subdir: [conda(number, subdir, build)] for subdir in ("linux-64", "osx-arm64")}}
    yield (
        "environments",
        {
            "default": {"linux-64": []},
            "cpu": {subdir: [pypi(number, "2.7.0+cpu", subdir)] for subdir in TAGS},
            "gpu": {"linux-64": [pypi(number, "2.7.0+cu126", "linux-64")]},
            "test": {"linux-64": [pypi(number, "2.7.0+cpu", "linux-64")]},
        },
    )
    yield (
        "direct",
        {
            "default": {"linux-64": [pypi(number, "2.7.0+cu126", "linux-64", "direct")]},
            "file": {"linux-64": [pypi(number, "2.7.0+cpu", "linux-64", "path")]},
            "source": {"linux-64": [pypi(number, "2.7.0", "linux-64", "folder")]},
        },
    )


def as_lock(number: int, environments: dict[str, dict[str, list[tuple[str, str]]]]) -> str:
    """Return the text that the library is given."""
    lines = [f"version: {number}\n", "environments:\n"]
    entries: dict[str, str] = {}
    for environment, platforms in environments.items():
        lines += [f"  {environment}:\n    channels:\n    - url: {CHANNEL}/\n    indexes:\n    - {ROOT}/default\n"]
        lines += ["    packages:\n"]
        for subdir, packages in platforms.items():
            lines += [
                f"      {subdir}:{'' if packages else ' []'}\n",
                *(f"      - {chosen}\n" for chosen, _ in packages),
            ]
            entries.update(packages)
    return "".join([*lines, "packages:\n", *entries.values()])


def install(requirement: str) -> Path:
    """Return where the commands of a tool are, installed once in an environment of its own."""
    environment = WORK / "tools" / requirement
    if not environment.exists():
        venv.create(environment, with_pip=True)
        run([environment / "bin" / "python", "-m", "pip", "install", requirement], WORK)
    return environment / "bin"


def run(command: list[str | Path], folder: Path, **environment: str) -> None:
    """Run one command in a folder; its output is shown only if it fails."""
    done = subprocess.run(  # noqa: S603 - the tools named above
        command, cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))} failed in {folder}:\n{done.stdout}{done.stderr}")


def rewrite_pixi_locks() -> None:
    """Write the samples of pixi.lock."""
    for folder, number in RATTLERS.items():
        python = install(folder.replace("rattler-", "rattler==")) / "python"
        for case, environments in cases(min(number, 6)):  # version 6 is read by the library that writes 7
            given = WORK / "given" / folder / case / "pixi.lock"
            given.parent.mkdir(parents=True, exist_ok=True)
            given.write_text(as_lock(min(number, 6), environments))
            (HERE / folder / case).mkdir(parents=True, exist_ok=True)
            run([python, "-c", REWRITE, given, HERE / folder / case / "pixi.lock"], given.parent)


def lock_with_conda_lock() -> None:
    """Write the samples of conda-lock, and one as it renders it."""
    command = install("conda-lock==4.0.3") / "conda-lock"
    conda_stand_in, mapping = WORK / "conda", WORK / "mapping.json"
    conda_stand_in.write_text(CONDA)
    conda_stand_in.chmod(conda_stand_in.stat().st_mode | stat.S_IXUSR)
    mapping.write_text('{"torch": {"conda_name": "pytorch", "import_name": "torch", "pypi_name": "torch"}}')
    for project in sorted((HERE / "conda-lock-4.0.3").glob("*/pyproject.toml")):
        copy = WORK / "cases" / project.parent.name
        shutil.copytree(project.parent, copy, ignore=shutil.ignore_patterns("*.lock", "*lock.yml", "expected.json"))
        lock: list[str | Path] = [command, "lock", "--conda", conda_stand_in, "--pypi_to_conda_lookup_file", mapping]
        run([*lock, "--extras", "gpu", "-f", "pyproject.toml"], copy, HOME=str(WORK / "home"))
        if project.parent.name == "rendered":
            run([command, "render", "-k", "explicit", "--dev-dependencies"], copy, HOME=str(WORK / "home"))
            shutil.copy(copy / "conda-linux-64.lock", project.parent)
        else:
            shutil.copy(copy / "conda-lock.yml", project.parent)


def main() -> None:
    """Make all of them."""
    for name in ("index", "cases", "given", "home"):
        shutil.rmtree(WORK / name, ignore_errors=True)
    (WORK / "home").mkdir(parents=True)
    write_indexes(WORK / "index")
    rewrite_pixi_locks()
    with serve(WORK / "index"):
        lock_with_conda_lock()


if __name__ == "__main__":
    main()
