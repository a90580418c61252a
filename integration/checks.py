"""What must be true after every build."""

from __future__ import annotations

import ast
import csv
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from .snapshots import changed, take
from .standins import digest, reported
from .workplace import Target, Workplace

_ASK = """
import importlib, importlib.metadata, json, sys
package = importlib.import_module(sys.argv[1])
files = importlib.metadata.distribution(sys.argv[1]).files
stamp = importlib.metadata.distribution(sys.argv[1]).read_text("runtime-backend.json")
print(json.dumps([package.TORCH_VERSION, package.OTHER, stamp, [str(file) for file in files]]))
"""

Names = tuple[str, ...]


def check_installed(
    place: Workplace,
    target: Target,
    package: str,
    torch: str,
    *,
    provision: str | None = "reuse",
    isolated: bool = True,
    folder: Path | None = None,
    grows: bool = False,
) -> None:
    """Check a package that was installed: what it was built against, its stamp, and that the target is untouched.

    :param torch: the version that the metadata of the right torch says.
    :param provision: how torch was provided; None: any way.
    :param isolated: whether what torch does not need had to be hidden.
    :param folder: where it is, if not in the target's own folder (``--target``).
    :param grows: whether the frontend installed more than the package.
    """
    # Not from the folder of the sources, which Python would import first.
    elsewhere = place.folder / "home"
    answer = place.run(target.python, "-B", "-c", _ASK, package, cwd=elsewhere, PYTHONPATH=folder).output
    version, other, stamp, files = json.loads(answer)
    assert version == reported(torch)
    assert not (other and isolated), "what torch does not need was importable"
    check_stamp(json.loads(stamp), torch, provision)
    site = target.site if folder is None else folder
    record = next(site.glob(f"{package}-*.dist-info")) / "RECORD"
    assert f"{record.parent.name}/runtime-backend.json" in files
    check_record(record.read_text("utf-8"), lambda path: (site / path).read_bytes() if (site / path).exists() else None)
    if not grows:
        check_untouched(target, isolated=isolated)


def check_wheel(wheel: Path, torch: str, *, provision: str | None = "reuse", isolated: bool = True) -> None:
    """Check a wheel, likewise."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        text = archive.read(next(name for name in names if name.endswith("/built_against.py"))).decode()
        record = next(name for name in names if name.endswith(".dist-info/RECORD"))
        stamp = json.loads(archive.read(record.replace("RECORD", "runtime-backend.json")))
        listed = archive.read(record).decode()
        assert len(names) == len(set(names))
        assert sorted(row[0] for row in csv.reader(io.StringIO(listed))) == sorted(n for n in names if n[-1] != "/")
        check_record(listed, archive.read)
    built = {line.partition(" = ")[0]: ast.literal_eval(line.partition(" = ")[2]) for line in text.splitlines()}
    assert built["TORCH_VERSION"] == reported(torch)
    assert not (built["OTHER"] and isolated), "what torch does not need was importable"
    check_stamp(stamp, torch, provision)


def check_stamp(stamp: Mapping[str, Any], torch: str, provision: str | None) -> None:
    """Check that a stamp tells the right torch."""
    (runtime,) = stamp["runtimes"]
    assert (runtime["name"], runtime["version"]) == ("torch", torch)
    assert runtime["reported"] in (reported(torch), None)
    assert provision in (runtime["provision"], None)


def check_record(text: str, read: Callable[[str], bytes | None]) -> None:
    """Check every hash of a RECORD."""
    for path, algorithm, _size in csv.reader(io.StringIO(text)):
        content = read(path) if algorithm else None
        if algorithm and content is not None:
            assert algorithm == f"sha256={digest(content)}", path


def check_untouched(target: Target, *, isolated: bool = True) -> None:
    """Check that nothing was written to a target but what the RECORD of a new distribution lists.

    pip compiles itself where it is run for the first time, and without isolation Python compiles what a build imports.
    """
    after = take(target.prefix)
    new = {path for path in after if path.endswith(".dist-info/RECORD") and path not in target.before}
    listed = {
        (target.prefix / path).parent.parent.joinpath(row[0]).resolve()
        for path in new
        for row in csv.reader(io.StringIO((target.prefix / path).read_text("utf-8")))
    }
    for path in changed(target.before, after):
        is_own = "/pip/" in path or (not isolated and "/__pycache__/" in path)
        assert is_own or (target.prefix / path).resolve() in listed, f"written to the target: {path}"


def check_source(place: Workplace, package: Path, *allowed: str) -> None:
    """Check that a source tree holds nothing new but what any build with setuptools leaves there."""
    for path in changed(place.source_before(package), take(package)):
        parts = path.split("/")
        is_usual = parts[0] == "build" or parts[0].endswith(".egg-info")
        assert is_usual or any(fnmatchcase(path, pattern) for pattern in allowed), f"in the source tree: {path}"


def check_hooks(place: Workplace, expected: Mapping[str, str], torch: str | None = None) -> None:
    """Check how torch was provided in each hook, and that each knew the right one.

    :param expected: hook -> provision, or several with a slash between them; ``*`` stands for any other hook.
    """
    hooks = place.hooks()
    assert {hook["hook"] for hook in hooks} >= {name for name in expected if name != "*"}
    for hook in hooks:
        (runtime,) = hook["runtimes"]
        wanted = expected.get(hook["hook"], expected.get("*"))
        if wanted is None:
            continue
        assert runtime["provision"]["value"] in wanted.split("/"), hook["hook"]
        if torch is not None and wanted != "missing":
            assert runtime["resolution"]["version"] == torch, hook["hook"]


def looked_at(place: Workplace, hook: str) -> list[str]:
    """Return why each place was looked at in a hook."""
    (found,) = [h for h in place.hooks() if h["hook"] == hook]
    return [step["why"] for step in found["runtimes"][0]["looked-at"]]


def check_nothing_left(place: Workplace, *folders: Path) -> None:
    """Check that nothing unfinished is left in the cache or among temporary files, and no wheel in these folders."""
    unfinished = list(place.cache.rglob(".new-*")) if place.cache.is_dir() else []
    assert not unfinished
    assert not list((place.folder / "tmp").glob("runtime-backend-*"))
    for folder in folders:
        assert not list(folder.glob("*.whl"))
        assert not list(folder.glob(".*.new"))
