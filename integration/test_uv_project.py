"""uv sync, run and add: the lock counts, since the environment is empty, or holds the old torch, while uv builds.

torch comes from an index on loopback, slowly and into an empty cache: with a small wheel that comes at once, an
environment read too early would look right by luck.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from .checks import check_hooks, check_installed, check_nothing_left, check_source
from .combinations import some
from .index import Index
from .stock import NEWEST_UV, OLDEST_UV, UVS
from .workplace import Result, Target, Workplace

REQUIRED = {"get_requires_for_build_wheel": "require", "build_wheel": "present", "*": "present"}
REUSED = {"get_requires_for_build_wheel": "reuse", "build_wheel": "reuse", "*": "reuse"}

_VARIANTS = """
[project.optional-dependencies]
cpu = ["torch==2.7.0"]
cu126 = ["torch==2.7.0"]

[tool.uv]
conflicts = [[{{ extra = "cpu" }}, {{ extra = "cu126" }}]]

{cpu}
{cu126}"""

_VARIANT_SOURCE = 'torch = [{ index = "cpu", extra = "cpu" }, { index = "cu126", extra = "cu126" }]\n'


class Consumer:
    """A project that wants a probe, and pins a torch in its lock."""

    def __init__(self, place: Workplace, index: Index, *, package: str = "probe_setuptools") -> None:
        self.place = place
        self.index = index
        self.package = place.package(package)
        self.folder = place.folder / "consumer"
        self.folder.mkdir()
        index.delay = 0.7

    def want(self, *dependencies: str, sources: str = "", more: str = "") -> None:
        """Write pyproject.toml."""
        name = self.package.name.replace("_", "-")
        listed = ", ".join(f'"{item}"' for item in (*dependencies, name))
        text = (
            '[project]\nname = "consumer"\nversion = "0"\nrequires-python = ">=3.10"\n'
            f"dependencies = [{listed}]\n{more}\n"
            f"{self.index.uv('main')}\n"
            f'[tool.uv.sources]\n{name} = {{ path = "../{self.package.name}" }}\n{sources}'
        )
        (self.folder / "pyproject.toml").write_text(text, "utf-8")

    def uv(self, *words: object, version: str = NEWEST_UV, cwd: Path | None = None, **how: Any) -> Result:  # noqa: ANN401
        """Run uv in the project, with nothing but the index."""
        where = {"UV_OFFLINE": None, "UV_FIND_LINKS": None}
        return self.place.uv(version, *words, cwd=cwd or self.folder, **{**where, **how})

    def check(self, torch: str, prefix: Path | None = None, *, provision: str = "present") -> None:
        """Check what is installed."""
        check_installed(
            self.place,
            _target(prefix or self.folder / ".venv"),
            self.package.name,
            torch,
            provision=provision,
            grows=True,
        )


def _target(prefix: Path) -> Target:
    version = next((prefix / "lib").glob("python3*")).name.removeprefix("python")
    return Target(prefix=prefix, version=version)


@pytest.fixture
def consumer(place: Workplace, index: Index) -> Consumer:
    """Return a project that has pinned nothing yet."""
    return Consumer(place, index)


@some("uv", UVS, OLDEST_UV, NEWEST_UV)
def test_syncs_and_follows_the_lock(consumer: Consumer, place: Workplace, uv: str) -> None:
    """An empty environment; then the lock moves on, and the environment still holds the old torch."""
    consumer.want("torch==2.6.0")
    consumer.uv("lock", version=uv)
    assert place.hooks() == []
    assert consumer.index.served == []
    consumer.uv("sync", version=uv)
    check_hooks(place, REQUIRED, "2.6.0")
    consumer.check("2.6.0")
    check_source(place, consumer.package)

    place.forget()
    consumer.want("torch==2.8.0")
    consumer.uv("sync", "--reinstall-package=probe-setuptools", version=uv)
    check_hooks(place, REQUIRED, "2.8.0")
    consumer.check("2.8.0")


def test_syncs_without_a_lock(consumer: Consumer, place: Workplace) -> None:
    """uv writes the lock before it builds."""
    consumer.want("torch==2.7.0")
    consumer.uv("sync")
    check_hooks(place, REQUIRED, "2.7.0")
    consumer.check("2.7.0")


def test_reuses_what_is_installed_and_locked(consumer: Consumer, place: Workplace) -> None:
    """The second build finds the locked torch in the environment, and nothing is installed for it."""
    consumer.want("torch==2.7.0")
    consumer.uv("sync", "--no-install-package=probe-setuptools")
    consumer.index.served.clear()
    consumer.uv("sync")
    check_hooks(place, REUSED, "2.7.0")
    consumer.check("2.7.0", provision="reuse")
    assert not [name for name in consumer.index.served if name.startswith("torch-")]


@some("uv", UVS, NEWEST_UV)
def test_syncs_conflicting_extras(consumer: Consumer, place: Workplace, uv: str) -> None:
    """``--extra cpu`` and ``--extra cu126`` pin one version in two variants: each time the right one."""
    variants = _VARIANTS.format(**{name: consumer.index.uv(name, "explicit") for name in ("cpu", "cu126")})
    consumer.want(sources=_VARIANT_SOURCE, more=variants)
    for extra in ("cu126", "cpu"):
        place.forget()
        consumer.uv("sync", "--extra", extra, "--reinstall-package=probe-setuptools", version=uv)
        check_hooks(place, REQUIRED, f"2.7.0+{extra}")
        consumer.check(f"2.7.0+{extra}")


def test_syncs_from_a_subfolder(consumer: Consumer, place: Workplace) -> None:
    """The project is looked for upward, as uv does."""
    consumer.want("torch==2.6.0")
    (consumer.folder / "src" / "deep").mkdir(parents=True)
    consumer.uv("sync", cwd=consumer.folder / "src" / "deep")
    check_hooks(place, REQUIRED, "2.6.0")
    consumer.check("2.6.0")


@some("way", ["--project", "--directory", "UV_PROJECT"], "--project")
def test_syncs_a_project_elsewhere(consumer: Consumer, place: Workplace, way: str) -> None:
    """The named project counts, not the one in the folder, nor what is activated."""
    consumer.want("torch==2.6.0")
    elsewhere = place.folder / "elsewhere"
    other = place.target("2.8.0", name="elsewhere/.venv")
    if way == "UV_PROJECT":
        consumer.uv("sync", cwd=elsewhere, activated=other, UV_PROJECT=consumer.folder)
    else:
        consumer.uv(way, "../consumer", "sync", cwd=elsewhere, activated=other)
    check_hooks(place, REQUIRED, "2.6.0")
    consumer.check("2.6.0")


def test_syncs_into_a_named_environment(consumer: Consumer, place: Workplace) -> None:
    """``UV_PROJECT_ENVIRONMENT``: found there, torch is reused; the ``.venv`` beside the lock has another."""
    consumer.want("torch==2.7.0")
    place.target("2.6.0", name="consumer/.venv")
    prefix = place.folder / "environment"
    consumer.uv("sync", "--no-install-package=probe-setuptools", UV_PROJECT_ENVIRONMENT=prefix)
    consumer.uv("sync", UV_PROJECT_ENVIRONMENT=prefix)
    check_hooks(place, REUSED, "2.7.0")
    consumer.check("2.7.0", prefix, provision="reuse")


def test_syncs_into_the_active_environment(consumer: Consumer, place: Workplace) -> None:
    """``--active``: the lock counts before what lies in the activated environment; without it, that is ignored."""
    consumer.want("torch==2.7.0")
    target = place.target("2.6.0")
    consumer.uv("sync", "--active", activated=target)
    check_hooks(place, REQUIRED, "2.7.0")
    consumer.check("2.7.0", target.prefix)
    place.forget()
    consumer.uv("sync", activated=target)
    consumer.check("2.7.0")


def test_runs(consumer: Consumer, place: Workplace) -> None:
    """``uv run CMD`` syncs first; options after the command are the command's."""
    consumer.want("torch==2.6.0")
    consumer.uv("run", "python", "-c", "import probe_setuptools", "--project", "/nowhere")
    check_hooks(place, REQUIRED, "2.6.0")
    consumer.check("2.6.0")


def test_adds(consumer: Consumer, place: Workplace) -> None:
    """``uv add`` locks, then builds."""
    consumer.want("torch==2.8.0")
    text = (consumer.folder / "pyproject.toml").read_text("utf-8")
    bare = text.replace(', "probe-setuptools"', "").replace('probe-setuptools = { path = "../probe_setuptools" }', "")
    (consumer.folder / "pyproject.toml").write_text(bare, "utf-8")
    consumer.uv("add", "../probe_setuptools")
    check_hooks(place, REQUIRED, "2.8.0")
    consumer.check("2.8.0")


def test_syncs_the_package_itself(place: Workplace, index: Index) -> None:
    """The package is the project: ``uv sync`` in it makes it an editable."""
    package = place.package("probe_setuptools")
    settings = package / "pyproject.toml"
    changed = settings.read_text("utf-8").replace(
        'requires-python = ">=3.10"', 'requires-python = ">=3.10"\ndependencies = ["torch==2.7.0"]'
    )
    settings.write_text(f"{changed}\n{index.uv('main')}", "utf-8")
    index.delay = 0.7
    place.uv(NEWEST_UV, "sync", cwd=package, UV_OFFLINE=None, UV_FIND_LINKS=None)
    check_hooks(place, {"get_requires_for_build_editable": "require", "build_editable": "present"}, "2.7.0")
    check_installed(place, _target(package / ".venv"), "probe_setuptools", "2.7.0", provision="present", grows=True)


def test_lives_beside_match_runtime(consumer: Consumer, place: Workplace) -> None:
    """uv's own ``match-runtime`` has put the locked torch into the build environment: nothing is asked for."""
    own = '[tool.uv.extra-build-dependencies]\nprobe-setuptools = [{ requirement = "torch", match-runtime = true }]\n'
    consumer.want("torch==2.6.0", more=own)
    consumer.uv("sync")
    check_hooks(place, {"get_requires_for_build_wheel": "present", "build_wheel": "present", "*": "present"}, "2.6.0")
    consumer.check("2.6.0")


def test_syncs_from_nothing_with_dynamic_metadata(place: Workplace, index: Index) -> None:
    """uv asks for metadata before there is a lock, and not again: the locked torch is fetched, out of uv's own cache."""
    consumer = Consumer(place, index, package="probe_setup_py_only")
    consumer.want("torch==2.6.0")
    consumer.uv("sync")
    consumer.check("2.6.0", provision="reuse")
    assert [hook["runtimes"][0]["provision"]["requirement"] for hook in place.hooks()] == [None] * len(place.hooks())
    consumer.want("torch==2.8.0")
    consumer.uv("sync", "--reinstall-package=probe-setup-py-only")
    consumer.check("2.8.0", provision="reuse")
    check_nothing_left(place)
    assert len([path for path in (place.cache / "fetched").iterdir() if path.is_dir()]) == 2


def test_stops_where_the_locked_torch_cannot_be_fetched(place: Workplace, index: Index) -> None:
    """Offline, and when the wheel is not the locked one: a stop, with uv's own words, and nothing to be reused."""
    consumer = Consumer(place, index, package="probe_setup_py_only")
    consumer.want("torch==2.6.0")
    consumer.uv("lock")
    sync = ("sync", "--frozen")
    result = consumer.uv(*sync, RUNTIME_BACKEND_OFFLINE="1", fails=True)
    assert "could not be fetched offline" in " ".join(result.output.split())
    lock = consumer.folder / "uv.lock"
    lock.write_text(
        re.sub(r"(torch-2\.6\.0-py3-none-any\.whl\", hash = \"sha256:)[0-9a-f]{8}", r"\g<1>00000000", lock.read_text())
    )
    result = consumer.uv(*sync, fails=True)
    assert "Hash mismatch" in result.output
    # uv ends our hook when its own download fails: what it had begun keeps a name that nothing is reused by.
    assert not [path for path in (place.cache / "fetched").iterdir() if path.is_dir() and path.name[0] != "."]
