"""The consumer's tables win over the producer's, apply by package name, and are checked in the same way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from asking import make_asker
from callers import TARGET, Scene, lock_text
from standins import blocked, make_torch, make_venv, write
from test_search import summary

from runtime_backend.config import TEMPLATE_FIELDS, RuntimeRule, Settings, load_settings, load_store_settings, misplaced
from runtime_backend.config.consumer import CONSUMER_KEYS, PackageSettings
from runtime_backend.config.names import find_name
from runtime_backend.config.selection import Selection
from runtime_backend.config.store import StoreSettings
from runtime_backend.errors import ConfigError, FileError
from runtime_backend.formats.tables import Table
from runtime_backend.frontend.caller import Caller
from runtime_backend.frontend.start import find_start
from runtime_backend.resolve.resolver import Resolver

PRODUCER = """
[project]
name = "Grouped_GEMM"
[build-system]
build-backend = "runtime_backend.build"
[tool.runtime-backend]
provision = "require"
match-runtime = ["torch>=2"]
[tool.runtime-backend.env]
A = "producer"
B = "producer"
"""

CONSUMER = """
[tool.runtime-backend.target]
environment = ".venv"
lock = "locks/uv.lock"
extras = ["CU_128"]
groups = ["dev"]

[tool.runtime-backend.packages.grouped-gemm]
provision = "reuse"
match = "minor"
unresolved = "error"
editable-env = "off"
[tool.runtime-backend.packages.grouped-gemm.env]
B = "consumer {torch.version}"
C = { value = "consumer", force = true }

[tool.runtime-backend.packages.other]
env = { D = "{jaxlib.version}" }
"""


def load(folder: Path, consumer: str, producer: str = PRODUCER, **how: Any) -> Settings:
    """Load the settings of a producer and a consumer, from a folder of the consumer."""
    write(folder / "package/pyproject.toml", producer)
    write(folder / "app/pyproject.toml", consumer)
    (folder / "app/sub").mkdir(exist_ok=True)
    return load_settings(folder / "package", start=folder / "app/sub", **{"environ": {}, **how})


def problems_of(folder: Path, consumer: str, producer: str = PRODUCER) -> list[str]:
    """Return the mistakes."""
    with pytest.raises(ConfigError) as caught:
        load(folder, consumer, producer)
    return list(caught.value.problems)


def test_everything(tmp_path: Path) -> None:
    """The consumer's settings win over the producer's, with the consumer's file as origin."""
    settings = load(tmp_path, CONSUMER)
    file = tmp_path / "app/pyproject.toml"
    at = f"{file}: tool.runtime-backend"
    package = f"{at}.packages.grouped-gemm"
    assert (settings.provision.value, settings.provision.origin) == ("reuse", f"{package}.provision")
    assert (settings.unresolved.value, settings.unresolved.origin) == ("error", f"{package}.unresolved")
    assert (settings.editable_env.value, settings.editable_env.origin) == ("off", f"{package}.editable-env")
    (rule,) = settings.runtimes
    assert (rule.match, rule.match_origin, rule.origin) == (
        "minor",
        f"{package}.match",
        "pyproject.toml: tool.runtime-backend.match-runtime",
    )
    assert [(v.name, v.template, v.force, v.origin) for v in settings.variables] == [
        ("A", "producer", False, "pyproject.toml: tool.runtime-backend.env.A"),
        ("B", "consumer {torch.version}", False, f"{package}.env.B"),
        ("C", "consumer", True, f"{package}.env.C"),
    ]
    stated = settings.stated
    assert stated is not None
    assert stated.environment is not None
    assert stated.lock is not None
    assert (stated.environment.value, stated.lock.value) == (file.parent / ".venv", file.parent / "locks/uv.lock")
    assert (stated.extras, stated.groups, stated.origin) == ({"cu-128"}, {"dev"}, f"{at}.target")
    assert settings.notes == ()


def stored(folder: Path, consumer: str, producer: str = "", **how: Any) -> tuple[str, str, str | None]:
    """Return the switch of the store, its origin without paths, and the URL of the remote store."""
    settings = load(
        folder, f"[tool.runtime-backend]\n{consumer}", f"{PROJECT}[tool.runtime-backend]\n{producer}", **how
    )
    store = settings.store
    origin = store.switch.origin.replace(f"{folder}/app/", "app: ").replace("pyproject.toml: tool.runtime-backend", "")
    return store.switch.value, origin, None if store.remote is None else store.remote.url


PROJECT = '[project]\nname = "Grouped_GEMM"\n'
BUCKET = 'store = { url = "s3://b" }\n'
OFF_HERE = 'packages.grouped-gemm.store = "off"\n'


@pytest.mark.parametrize(
    ("consumer", "producer", "environ", "expected"),
    [
        ("", "", {}, ("on", "default", None)),
        ("", 'store = "off"', {}, ("off", ".store", None)),
        (BUCKET, "", {}, ("on", "default", "s3://b")),
        (BUCKET, 'store = "off"', {}, ("off", ".store", "s3://b")),
        ('store = "on"\nbuild-constraints = []', 'store = "off"', {}, ("on", "app: .store", None)),
        ('store = "off"\nbuild-constraints = []', 'store = "on"', {}, ("off", "app: .store", None)),
        ('store = "off"', "", {}, ("off", "app: .store", None)),
        (BUCKET + OFF_HERE, 'store = "on"', {}, ("off", "app: .packages.grouped-gemm.store", "s3://b")),
        (OFF_HERE, "", {}, ("off", "app: .packages.grouped-gemm.store", None)),
        (OFF_HERE.replace("gemm", "other"), "", {}, ("on", "default", None)),
        (BUCKET + OFF_HERE, "", {"RUNTIME_BACKEND_STORE": "on"}, ("on", "RUNTIME_BACKEND_STORE", "s3://b")),
        (BUCKET, "", {"RUNTIME_BACKEND_STORE": "gs://c"}, ("on", "default", "gs://c")),
        (BUCKET, "", {"RUNTIME_BACKEND_STORE": "off"}, ("off", "RUNTIME_BACKEND_STORE", "s3://b")),
    ],
)
def test_store(
    consumer: str, producer: str, environ: dict[str, str], expected: tuple[str, str, str | None], tmp_path: Path
) -> None:
    """The call wins over the consumer, and the consumer over the producer, whose switch holds if nobody else has one."""
    assert expected == stored(tmp_path, consumer, producer, environ=environ)


def test_store_of_a_producer(tmp_path: Path) -> None:
    """A producer cannot name a remote store for those who build it."""
    assert ("on", "default", None) == stored(tmp_path, "", BUCKET)


@pytest.mark.parametrize(
    ("consumer", "environ", "expected"),
    [
        ("", {}, ("https://h/producer", ".prebuilt")),
        ('packages.grouped-gemm.prebuilt = "off"', {}, (None, "app: .packages.grouped-gemm.prebuilt")),
        (
            'packages.grouped-gemm.prebuilt = { index = "https://h/mine", label = "x" }',
            {},
            ("https://h/mine", "app: .packages.grouped-gemm.prebuilt"),
        ),
        ("", {"RUNTIME_BACKEND_PREBUILT": "off"}, (None, "RUNTIME_BACKEND_PREBUILT")),
        ("", {"RUNTIME_BACKEND_PREBUILT": "on"}, ("https://h/producer", ".prebuilt")),
        (
            'packages.grouped-gemm.prebuilt = "off"',
            {"RUNTIME_BACKEND_PREBUILT": "on"},
            (None, "app: .packages.grouped-gemm.prebuilt"),
        ),
    ],
)
def test_prebuilt(consumer: str, environ: dict[str, str], expected: tuple[str | None, str], tmp_path: Path) -> None:
    """The consumer's index for a package wins over the producer's, and a call may switch both off."""
    producer = f'{PROJECT}[tool.runtime-backend]\nprebuilt = {{ index = "https://h/producer", label = "x" }}\n'
    found = load(tmp_path, f"[tool.runtime-backend]\n{consumer}", producer, environ=environ).prebuilt
    origin = found.origin.replace(f"{tmp_path}/app/", "app: ").replace("pyproject.toml: tool.runtime-backend", "")
    assert expected == (None if found.value is None else found.value.url, origin)


def test_store_settings(tmp_path: Path) -> None:
    """The command line reads the store of the consumer in a folder or above it, and that of the person."""
    assert StoreSettings() == load_store_settings(tmp_path, {})
    write(tmp_path / "app/pyproject.toml", '[tool.runtime-backend.store]\nurl = "shared"\nsize = "2 GB"\n')
    (tmp_path / "app/sub").mkdir()
    found = load_store_settings(tmp_path / "app/sub", {"RUNTIME_BACKEND_STORE_WRITE": "ci"})
    assert found.remote is not None
    assert (str(tmp_path / "app/shared"), "ci", 2 * 10**9) == (found.remote.url, found.remote.write, found.limit.value)
    write(tmp_path / "app/pyproject.toml", '[tool.runtime-backend.store]\nurl = "x://"\nsize = 1\n')
    with pytest.raises(ConfigError) as caught:
        load_store_settings(tmp_path / "app", {"RUNTIME_BACKEND_STORE_SIZE": "x"})
    assert 3 == len(caught.value.problems)


def test_precedence(tmp_path: Path) -> None:
    """The precedence is config setting, environment variable, consumer, producer."""
    environ = {"RUNTIME_BACKEND_PROVISION": "auto"}
    assert load(tmp_path, CONSUMER, environ=environ).provision.origin == "RUNTIME_BACKEND_PROVISION"
    settings = load(tmp_path, CONSUMER, environ=environ, config_settings={"provision": "none"})
    assert settings.provision.origin == "config setting runtime-backend.provision"
    silent = load(tmp_path, "[tool.runtime-backend.packages.other]\nprovision = 'none'\n")
    assert silent.provision.origin == "pyproject.toml: tool.runtime-backend.provision"


@pytest.mark.parametrize("spelling", ["grouped-gemm", "Grouped.GEMM", "grouped_gemm"])
def test_names_are_normalised(tmp_path: Path, spelling: str) -> None:
    """Package names are normalised before they are compared."""
    settings = load(tmp_path, f"[tool.runtime-backend.packages.{spelling!r}]\nprovision = 'none'\n")
    assert settings.provision.value == "none"


def test_all_mistakes_at_once(tmp_path: Path) -> None:
    """Mistakes in both files are reported at once, including those in tables of other packages."""
    text = """
[tool.runtime-backend]
packges = 1
[tool.runtime-backend.target]
environment = 3
extras = "cu128"
lok = "x"
[tool.runtime-backend.packages.grouped-gemm]
build-backend = "mine"
provision = "resue"
env = { X = "{torch.versoin}" }
[tool.runtime-backend.packages."grouped.gemm"]
[tool.runtime-backend.packages.other]
match = 3
[tool.runtime-backend.packages]
third = 3
"""
    at = f"{tmp_path / 'app/pyproject.toml'}: tool.runtime-backend"
    found = problems_of(tmp_path, text, PRODUCER.replace('"require"', '"reqire"'))
    keys = (
        "backend-path, build-backend, build-constraints, build-lock, build-requires, cuda, editable-env, env,"
        " match-runtime, metadata, packages, prebuilt, provision, source, store, target, unresolved"
    )
    fields = ", ".join(f"torch.{field}" for field in TEMPLATE_FIELDS)
    assert sorted(found) == sorted(
        [
            "pyproject.toml: tool.runtime-backend.provision: found the string 'reqire' (did you mean 'require'?),"
            " expected one of auto, reuse, require, none",
            f"{at}.packges: found an unknown key (did you mean 'packages'?), expected one of {keys}",
            f"{at}.target.environment: found int 3, expected a non-empty string",
            f"{at}.target.extras: found the string 'cu128', expected an array",
            f"{at}.target.lok: found an unknown key (did you mean 'lock'?), expected one of environment, extras, groups,"
            " lock",
            f"{at}.packages.grouped-gemm.build-backend: found the string 'mine', expected no such key: only the"
            " package itself can set it",
            f"{at}.packages.grouped-gemm.provision: found the string 'resue' (did you mean 'reuse'?), expected one of"
            " auto, reuse, require, none",
            f"{at}.packages.grouped-gemm.env.X: found {{torch.versoin}} (did you mean 'torch.version'?), expected one of"
            f" {fields}; a literal brace is doubled",
            f"{at}.packages.grouped.gemm: found a second table for grouped-gemm, expected one table per package",
            f"{at}.packages.other.match: found int 3, expected one of exact, minor, floor",
            f"{at}.packages.third: found int 3, expected a table",
        ]
    )


def test_broken_file(tmp_path: Path) -> None:
    """A file that cannot be parsed is an error only if it mentions our table."""
    with pytest.raises(FileError) as caught:
        load(tmp_path, "[tool.runtime-backend.target\n")
    assert caught.value.message.startswith(f"{tmp_path / 'app/pyproject.toml'}: line 1, column 29: not TOML: ")
    assert load(tmp_path, "[broken\n").stated is None


def test_unreadable_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is removed while it is read is reported."""
    monkeypatch.setattr("runtime_backend.config.consumer.read_text", lambda _: "[tool.runtime-backend.target]")
    with pytest.raises(FileError, match="found nothing there"):
        load_settings(write(tmp_path / "pyproject.toml", PRODUCER).parent, start=tmp_path / "absent", environ={})


@pytest.mark.parametrize("text", ["", "tool = 1  # tool.runtime-backend", "[tool]\nruntime-backend = 1", PRODUCER])
def test_no_consumer(tmp_path: Path, text: str) -> None:
    """Files without a consumer's table are skipped, and the search goes on upward."""
    write(tmp_path / "pyproject.toml", '[tool.runtime-backend.target]\nlock = "uv.lock"\n')
    settings = load(tmp_path, text)
    assert settings.stated is not None
    assert settings.stated.origin == f"{tmp_path / 'pyproject.toml'}: tool.runtime-backend.target"


def test_own_consumer(tmp_path: Path) -> None:
    """A package's own pyproject.toml may have both kinds of tables; a mistake in it is reported once."""
    write(tmp_path / "pyproject.toml", f"{PRODUCER}\n{CONSUMER}")
    assert load_settings(tmp_path, start=tmp_path, environ={}).stated is not None
    assert load_settings(tmp_path, environ={}).stated is None
    write(tmp_path / "pyproject.toml", "[tool.runtime-backend]\nqqqq = 1\n[tool.runtime-backend.target]\n")
    with pytest.raises(ConfigError) as caught:
        load_settings(tmp_path, start=tmp_path, environ={})
    assert len(caught.value.problems) == 1


def test_unnamed_package(tmp_path: Path) -> None:
    """If the package's name cannot be read, the consumer's settings by name are ignored, with a note."""
    settings = load(tmp_path, CONSUMER, "[build-system]\n")
    at = f"{tmp_path / 'app/pyproject.toml'}: tool.runtime-backend.packages"
    assert settings.notes == (f"{at}: ignored: the package name is known only after building",)
    assert load(tmp_path, "[tool.runtime-backend.target]\n", "[build-system]\n").notes == ()


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"pyproject.toml": '[project]\nname = "A_b"'}, "a-b"),
        ({"pyproject.toml": '[tool.poetry]\nname = "A_b"'}, "a-b"),
        ({"pyproject.toml": "[tool]\npoetry = 1", "PKG-INFO": "Metadata-Version: 2.1\nName: A_b\n\nName: no\n"}, "a-b"),
        ({"PKG-INFO": "\n\nName: no\n", "setup.cfg": "[metadata]\nname = A_b\n"}, "a-b"),
        ({"setup.cfg": "broken", "setup.py": "from setuptools import setup\nsetup(name='A_b')"}, "a-b"),
        ({"setup.py": "import setuptools\nif 1:\n    setuptools.setup(version='1', name='A_b')"}, "a-b"),
        ({"setup.py": "setup(name=NAME)"}, None),
        ({"setup.py": "other(name='x')"}, None),
        ({"setup.py": "setup(name=1)\n"}, None),
        ({"setup.py": "setup("}, None),
        ({"pyproject.toml": "project = 1\n[tool]\n"}, None),
    ],
)
def test_name(tmp_path: Path, files: dict[str, str], expected: str | None) -> None:
    """A package's name is found in pyproject.toml, an sdist's PKG-INFO, setup.cfg, or a literal in setup.py."""
    from runtime_backend.formats.toml import loads  # noqa: PLC0415 - the one door to it

    for name, text in files.items():
        write(tmp_path / name, text)
    assert expected == find_name(tmp_path, Table(loads(files.get("pyproject.toml", "")), file="pyproject.toml"))


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """Return a scene."""
    return Scene(tmp_path)


def make_stated(settings: Settings, caller: Caller) -> Resolver:
    """Return the resolver of a hook."""
    return Resolver(settings, caller, make_asker(settings.source / "asked", caller), may_ask=True)


def rule() -> RuntimeRule:
    """Return the rule for torch."""
    from packaging.requirements import Requirement  # noqa: PLC0415 - used here alone

    return RuntimeRule(name="torch", requirement=Requirement("torch"), match="exact", origin="default")


def test_stated_environment(scene: Scene) -> None:
    """Under build, which names no target, the consumer's environment wins over the activated one."""
    make_torch(make_venv(scene.elsewhere / "mine"), "2.2.0")
    write(scene.elsewhere / "pyproject.toml", '[tool.runtime-backend.target]\nenvironment = "mine"\n')
    caller = scene.build(scene.shell(scene.elsewhere, scene.other))
    settings = load_settings(scene.source, start=find_start(caller), environ={})
    outcome = make_stated(settings, caller).resolve(rule())
    assert ("2.2.0", "installed", True, None) == summary(outcome)
    assert outcome.steps[-1].why == f"{scene.elsewhere / 'pyproject.toml'}: tool.runtime-backend.target"


def test_stated_lock(scene: Scene) -> None:
    """The consumer's lock counts if nothing is installed, with an environment or without."""
    write(scene.elsewhere / "locks/uv.lock", lock_text("2.2.0"))
    write(
        scene.elsewhere / "pyproject.toml",
        '[tool.runtime-backend.target]\nlock = "locks/uv.lock"\nenvironment = "absent"\n',
    )
    caller = scene.build(scene.shell(scene.elsewhere, scene.other))
    settings = load_settings(scene.source, start=find_start(caller), environ={})
    assert summary(make_stated(settings, caller).resolve(rule()))[:2] == ("2.2.0", "locked")


def test_stated_does_not_beat_pip(scene: Scene) -> None:
    """Pip runs in the target, so another environment in the consumer's table is ignored."""
    make_torch(make_venv(scene.elsewhere / "mine"), "2.2.0")
    text = '[tool.runtime-backend.target]\nenvironment = "mine"\nlock = "absent"\n'
    write(scene.elsewhere / "pyproject.toml", text)
    caller = scene.pip(scene.shell(scene.elsewhere))
    settings = load_settings(scene.source, start=find_start(caller), environ={})
    assert summary(make_stated(settings, caller).resolve(rule()))[0] == TARGET


def test_only_extras_stated(scene: Scene) -> None:
    """A table with only extras adds no place to look at."""
    write(scene.elsewhere / "pyproject.toml", '[tool.runtime-backend.target]\nextras = ["cpu"]\n')
    caller = scene.build(scene.shell(scene.elsewhere, scene.other))
    settings = load_settings(scene.source, start=find_start(caller), environ={})
    assert summary(make_stated(settings, caller).resolve(rule()))[0] == "1.0.0"


@pytest.mark.parametrize(("table", "version"), [("", "2.8.0"), ("extras = ['old']\n", "2.2.0")])
@pytest.mark.parametrize("program", ["build", "uv"])
def test_stated_extras_of_a_lock(program: str, table: str, version: str, scene: Scene) -> None:
    """The consumer's table selects extras of the lock, for a build and for a project manager."""
    edges = '{ name = "torch", version = "2.8.0", marker = "extra != \'extra-8-consumer-old\'" }'
    old = '[package.optional-dependencies]\nold = [{ name = "torch", version = "2.2.0" }]\n\n[[package]]'
    text = (
        lock_text("2.8.0")
        .replace('{ name = "torch" }', edges)
        .replace("[[package]]", old, 2)
        .replace(old, "[[package]]", 1)
    )
    write(scene.elsewhere / "uv.lock", text + lock_text("2.2.0").rpartition("\n\n")[2])
    write(scene.elsewhere / "pyproject.toml", f'[project]\nname = "consumer"\n[tool.runtime-backend.target]\n{table}')
    shell = scene.shell(scene.elsewhere)
    caller = scene.build(shell) if program == "build" else scene.uv(shell, "sync")
    settings = load_settings(scene.source, start=find_start(caller), environ={})
    assert (version, "locked") == summary(make_stated(settings, caller).resolve(rule()))[:2]


def test_extras_where_none_are_named() -> None:
    """The extras of the command line win over the consumer's, and so do its groups."""
    named = Selection(extras=frozenset({"cpu"}))
    found = named.or_else(extras=frozenset({"cu128"}), groups=frozenset({"dev"}))
    assert (found.extras, found.groups) == ({"cpu"}, {"dev"})


def test_blocked_folder(tmp_path: Path) -> None:
    """A folder without permission to read is skipped."""
    write(tmp_path / "pyproject.toml", PRODUCER)
    assert load_settings(tmp_path, start=blocked(tmp_path / "x"), environ={}).stated is None


@pytest.mark.parametrize(
    ("text", "expected"), [("1", True), ("TRUE", True), ("on", True), ("0", False), ("no", False), ("", False)]
)
def test_offline(tmp_path: Path, text: str, expected: bool) -> None:  # noqa: FBT001 - a column
    """Our own variable or uv's makes a call offline."""
    write(tmp_path / "pyproject.toml", PRODUCER)
    assert load_settings(tmp_path, environ={"RUNTIME_BACKEND_OFFLINE": text}).offline.value is expected
    assert load_settings(tmp_path, environ={"UV_OFFLINE": text}).offline.value is expected


def test_offline_mistaken(tmp_path: Path) -> None:
    """A value that is no boolean is a mistake; uv's variable is not checked."""
    write(tmp_path / "pyproject.toml", PRODUCER)
    with pytest.raises(
        ConfigError, match="RUNTIME_BACKEND_OFFLINE: found the string 'perhaps', expected one of 1, true"
    ):
        load_settings(tmp_path, environ={"RUNTIME_BACKEND_OFFLINE": "perhaps"})
    assert not load_settings(tmp_path, environ={"UV_OFFLINE": "perhaps"}).offline.value


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["grouped-gem"], "grouped-gem"),
        (["Grouped_Gemn", "torch"], "Grouped_Gemn"),
        (["grouped-gem", "Grouped.GEMM"], None),
        (["torch-scatter"], None),
        ([], None),
    ],
)
def test_misspelt_package(names: list[str], expected: str | None, tmp_path: Path) -> None:
    """Settings for a name that is close to the package's, and none for the package itself, are noted."""
    tables = "".join(f'[tool.runtime-backend.packages."{name}"]\nprovision = "reuse"\n' for name in names)
    write(tmp_path / "pyproject.toml", tables or "[tool.runtime-backend.packages]\n")
    write(tmp_path / "ext/pyproject.toml", PRODUCER)
    notes = load_settings(tmp_path / "ext", start=tmp_path, environ={}).notes
    at = f"{tmp_path / 'pyproject.toml'}: tool.runtime-backend.packages"
    assert notes == (
        ()
        if expected is None
        else (
            f"{at}: found settings for {expected!r}, and none for 'grouped-gemm': if that is a mistake, correct the name",
        )
    )


@pytest.mark.parametrize("backend", ["", "[build-system]\nbuild-backend = 'hatchling.build'\n", "build-system = 1\n"])
def test_settings_at_the_place_of_a_producers(backend: str, tmp_path: Path) -> None:
    """Settings for packages that a consumer has put at the place of a producer's are noted, and have no effect."""
    ours = (
        "[tool.runtime-backend]\nmatch-runtime = ['torch']\nbuild-lock = 'build.lock'\n"
        "[tool.runtime-backend.env]\nA = 'consumer'\n[tool.runtime-backend.cuda]\njobs = 1\n"
    )
    write(tmp_path / "pyproject.toml", f"{backend}{ours}")
    write(tmp_path / "ext/pyproject.toml", PRODUCER)
    settings = load_settings(tmp_path / "ext", start=tmp_path, environ={})
    assert (["producer", "producer"], None) == ([variable.template for variable in settings.variables], settings.cuda)
    why = "because this project does not build with runtime_backend; for a package that it uses"
    assert settings.notes == tuple(
        f"{tmp_path / 'pyproject.toml'}: tool.runtime-backend.{key} is ignored, {why}: tool.runtime-backend.packages.NAME.{of_package}"
        for key, of_package in [
            ("env", "env"),
            ("cuda", "cuda"),
            ("build-lock", "build-lock"),
            ("match-runtime", "match"),
        ]
    )


def test_every_misplaced_setting() -> None:
    """Each key of a table for one package is noted at the place of a producer's, unless a consumer has it there, too."""
    of_packages = {name.replace("_", "-") for name in PackageSettings._fields} - {"variables"} | {"env"}
    assert of_packages - {*CONSUMER_KEYS} == {*misplaced._OF_PACKAGES.values()}  # noqa: SLF001 - each of them


def test_settings_of_a_producer_above(tmp_path: Path) -> None:
    """The settings of another producer, for example in a repository of several packages, are no mistake."""
    write(tmp_path / "pyproject.toml", PRODUCER)
    write(tmp_path / "ext/pyproject.toml", PRODUCER)
    assert () == load_settings(tmp_path / "ext", start=tmp_path, environ={}).notes
