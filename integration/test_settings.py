"""The settings for one call, and those of the producer, as a frontend hands them on."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from .checks import check_hooks, check_installed, check_nothing_left, check_untouched, check_wheel, looked_at
from .combinations import some
from .stock import NEWEST_PIP, NEWEST_UV, UVS
from .workplace import Workplace

_REQUIRED = {"get_requires_for_build_wheel": "require", "build_wheel": "present", "*": "present"}


def _recording(place: Workplace) -> Path:
    """Return the in-tree package, with a backend that keeps what it was called with."""
    package = place.package("probe_in_tree")
    backend = package / "backend" / "tree_backend.py"
    text = backend.read_text("utf-8")
    kept = '    import json, os\n    Path("seen.json").write_text(json.dumps([config_settings, dict(os.environ)]))\n'
    marker = '    other = find_spec("notorch_dep") is not None\n'
    assert marker in text
    backend.write_text(text.replace(marker, kept + marker, 1), "utf-8")
    return package


@pytest.mark.parametrize("frontend", ["pip", "uv", "build"])
def test_config_settings_pass_through(place: Workplace, frontend: str) -> None:
    """The real backend gets its own ones, and ours count without reaching it."""
    target, package = place.target("2.6.0", pip=NEWEST_PIP), _recording(place)
    other = place.target("2.8.0", name="other")
    ours, theirs = f"runtime-backend.target={target.prefix}", "build-dir=somewhere"
    if frontend == "pip":
        place.run(target.python, "-m", "pip", "install", "-C", ours, "-C", theirs, package, activated=other)
    elif frontend == "uv":
        place.uv(NEWEST_UV, "pip", "install", "-p", target.prefix, "-C", ours, "-C", theirs, package, activated=other)
    else:
        place.build("-w", "-o", place.folder / "out", "-C", ours, "-C", theirs, package, activated=other)
        check_wheel(next((place.folder / "out").iterdir()), "2.6.0")
    settings, _ = json.loads((package / "seen.json").read_text("utf-8"))
    assert settings == {"build-dir": "somewhere"}
    assert "config setting runtime-backend.target" in looked_at(place, "build_wheel")
    if frontend != "build":
        check_installed(place, target, "probe_in_tree", "2.6.0")


def test_variables_reach_the_real_backend(place: Workplace) -> None:
    """Templates are filled in, the person's own value wins, unless the producer says ``force``; the frontend's go."""
    target, package = place.target("2.8.0", pip=NEWEST_PIP), _recording(place)
    env = (
        '\n[tool.runtime-backend.env]\nBUILT_FOR = "torch-{torch.version}-cuda-{torch.cuda}"\nMINE = "theirs"\n'
        'FORCED = { value = "theirs", force = true }\n'
    )
    settings = package / "pyproject.toml"
    settings.write_text(settings.read_text("utf-8") + env, "utf-8")
    place.run(target.python, "-m", "pip", "install", package, MINE="mine", FORCED="mine")
    _, environ = json.loads((package / "seen.json").read_text("utf-8"))
    assert environ["BUILT_FOR"] == "torch-2.8.0+cu128-cuda-12.8"
    assert environ["MINE"] == "mine"
    assert environ["FORCED"] == "theirs"
    assert not [name for name in environ if name.startswith(("_PYPROJECT_HOOKS_", "PEP517_"))]
    stamp = json.loads(next(target.site.glob("probe_in_tree-*/runtime-backend.json")).read_text("utf-8"))
    assert stamp["variables"] == {"BUILT_FOR": "torch-2.8.0+cu128-cuda-12.8", "FORCED": "theirs"}
    assert stamp["variables-kept"] == ["MINE"]
    assert "mine" not in json.dumps(stamp)


@some("frontend", ["pip", "uv", "build"], "uv")
def test_provision_require(place: Workplace, frontend: str) -> None:
    """``RUNTIME_BACKEND_PROVISION=require``: the frontend installs the target's torch, pinned, into the build environment.

    The folder of wheels holds newer ones and another variant.
    """
    target, package = place.target("2.7.0+cpu", pip=NEWEST_PIP), place.package("probe_setuptools")
    place.links.append(place.stock.standins)
    how: dict[str, Any] = {"RUNTIME_BACKEND_PROVISION": "require"}
    if frontend == "pip":
        place.run(target.python, "-m", "pip", "install", package, **how)
    elif frontend == "uv":
        place.uv(NEWEST_UV, "pip", "install", "-p", target.prefix, package, **how)
    else:
        place.build("-w", "-o", place.folder / "out", package, activated=target, **how)
        check_wheel(next((place.folder / "out").iterdir()), "2.7.0+cpu", provision="present")
    check_hooks(place, _REQUIRED, "2.7.0+cpu")
    assert place.hooks()[0]["requirements"] == ["torch==2.7.0+cpu"]
    if frontend != "build":
        check_installed(place, target, "probe_setuptools", "2.7.0+cpu", provision="present")
    left = [path for path in place.cache.rglob("*") if path.is_symlink()]
    assert left == [], "something of the target was borrowed, or what was shown of the build environment is still there"


def test_pin_is_required(place: Workplace) -> None:
    """``RUNTIME_BACKEND_PIN``: neither the target nor a lock is asked."""
    target, package = place.target(None, pip=NEWEST_PIP), place.package("probe_setuptools")
    place.links.append(place.stock.standins)
    words = ("-m", "pip", "wheel", "-w", place.folder / "out", package)
    place.run(target.python, *words, RUNTIME_BACKEND_PIN="torch==2.7.0+cu126")
    check_hooks(place, _REQUIRED, "2.7.0+cu126")
    check_wheel(next((place.folder / "out").glob("probe*")), "2.7.0+cu126", provision="present")


def test_pin_by_url_is_required(place: Workplace) -> None:
    """A pin may be the URL of a wheel."""
    package, wheel = place.package("probe_setuptools"), place.stock.standins / "torch-2.6.0-py3-none-any.whl"
    place.links.append(place.stock.standins)
    place.uv(
        NEWEST_UV,
        "build",
        "--wheel",
        "-o",
        place.folder / "out",
        package,
        RUNTIME_BACKEND_PIN=f"torch @ {wheel.as_uri()}",
    )
    check_hooks(place, _REQUIRED, "2.6.0")
    check_wheel(next((place.folder / "out").glob("*.whl")), "2.6.0", provision="present")


def test_pin_that_the_target_has_is_reused(place: Workplace) -> None:
    """No second copy of what is there."""
    target, package = place.target("2.6.0", pip=NEWEST_PIP), place.package("probe_setuptools")
    place.run(target.python, "-m", "pip", "install", package, RUNTIME_BACKEND_PIN="torch==2.6.0")
    check_hooks(place, {"*": "reuse"}, "2.6.0")
    check_installed(place, target, "probe_setuptools", "2.6.0")


@pytest.mark.parametrize("named", ["prefix", "python"])
def test_target_is_named(place: Workplace, named: str) -> None:
    """``RUNTIME_BACKEND_TARGET`` counts before everything else: a prefix, or an interpreter."""
    target, package = place.target("2.6.0"), place.package("probe_setuptools")
    other = place.target("2.8.0", name="other")
    command = ("build", "--wheel", "-o", place.folder / "out", package)
    place.uv(NEWEST_UV, *command, activated=other, RUNTIME_BACKEND_TARGET=getattr(target, named))
    check_hooks(place, {"*": "reuse"}, "2.6.0")
    check_wheel(next((place.folder / "out").glob("*.whl")), "2.6.0")
    check_untouched(other)
    check_untouched(target)


def _lock(place: Workplace, wheel: Path, sha256: str) -> Path:
    lock = place.folder / "pylock.toml"
    lock.write_text(
        'lock-version = "1.0"\ncreated-by = "hand"\n\n[[packages]]\nname = "torch"\nversion = "2.7.0"\n'
        f'wheels = [{{ url = "{wheel.as_uri()}", hashes = {{ sha256 = "{sha256}" }} }}]\n',
        "utf-8",
    )
    return lock


def test_lock_is_named(place: Workplace) -> None:
    """``RUNTIME_BACKEND_LOCK`` counts before the activated environment; its URL is required."""
    package, other = place.package("probe_setuptools"), place.target("2.8.0", name="other")
    place.links.append(place.stock.standins)
    wheel = place.stock.standins / "torch-2.7.0-py3-none-any.whl"
    lock = _lock(place, wheel, _sha256(wheel))
    command = ("build", "--wheel", "-o", place.folder / "out", package)
    place.uv(NEWEST_UV, *command, activated=other, RUNTIME_BACKEND_LOCK=lock)
    check_hooks(place, _REQUIRED, "2.7.0")
    assert place.hooks()[0]["requirements"] == [f"torch @ {wheel.as_uri()}#sha256={_sha256(wheel)}"]
    check_wheel(next((place.folder / "out").glob("*.whl")), "2.7.0", provision="present")


@pytest.mark.parametrize("version", UVS)
def test_wheel_with_another_hash(place: Workplace, version: str) -> None:
    """A wheel that is not the locked one stops the build; an older uv does not check that itself."""
    package, wheel = place.package("probe_setuptools"), place.stock.standins / "torch-2.7.0-py3-none-any.whl"
    place.links.append(place.stock.standins)
    lock = _lock(place, wheel, "0" * 64)
    command = ("build", "--wheel", "-o", place.folder / "out", package)
    output = place.uv(version, *command, fails=True, RUNTIME_BACKEND_LOCK=lock).output
    assert _sha256(wheel) in output
    assert {hook["hook"] for hook in place.hooks()} == {"get_requires_for_build_wheel"}


def test_cache_is_named(place: Workplace) -> None:
    """``RUNTIME_BACKEND_CACHE_DIR``, with a space and an umlaut in its path."""
    target, package = place.target("2.7.0+cu126"), place.package("probe_meson_python")
    cache = place.folder / "a cäche"
    place.uv(NEWEST_UV, "pip", "install", "-p", target.prefix, package, RUNTIME_BACKEND_CACHE_DIR=cache)
    check_installed(place, target, "probe_meson_python", "2.7.0+cu126")
    assert os.listdir(cache / "overlays")
    assert not place.cache.exists()
    check_nothing_left(place)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
