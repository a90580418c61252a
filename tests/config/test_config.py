"""Reading the settings: values, origins, and all mistakes at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from standins import write

from runtime_backend.config import (
    LEGACY_BACKEND,
    TEMPLATE_FIELDS,
    Chosen,
    Pin,
    RuntimeRule,
    Settings,
    Upstream,
    Variable,
    fill_template,
    load_settings,
    placeholders,
    split_config_settings,
)
from runtime_backend.config.settings import BuildSettings, Match
from runtime_backend.config.store import Prebuilt, StoreSettings
from runtime_backend.config.upstream import settings_of_tree
from runtime_backend.errors import ConfigError, FileError, SourceError

HINT = "The keys and their values: https://runtime-backend.readthedocs.io/en/stable/reference/settings.html"
AT = "pyproject.toml: tool.runtime-backend"


def load(folder: Path, text: str, environ: dict[str, str] | None = None, **ours: Any) -> Settings:
    """Load the settings of a source tree with this pyproject.toml."""
    write(folder / "pyproject.toml", text)
    return load_settings(folder, config_settings=ours, environ=environ or {})


def problems_of(folder: Path, text: str, environ: dict[str, str] | None = None, **ours: Any) -> list[str]:
    """Return the mistakes in a source tree with this pyproject.toml."""
    with pytest.raises(ConfigError) as caught:
        load(folder, text, environ, **ours)
    assert caught.value.hint == HINT
    return list(caught.value.problems)


def rule(text: str, match: Match = "exact", origin: str = f"{AT}.match-runtime", name: str = "torch") -> RuntimeRule:
    """Return a rule of ``match-runtime``."""
    match_origin = "default" if match == "exact" else origin
    return RuntimeRule(name=name, requirement=Requirement(text), match=match, origin=origin, match_origin=match_origin)


@pytest.mark.parametrize("text", ["", "[tool]\n", "[tool.runtime-backend]\n", '[build-system]\nrequires = ["tomli"]\n'])
def test_defaults(tmp_path: Path, text: str) -> None:
    """The defaults are the legacy backend, an exact torch, and 'auto' for the other choices."""
    assert Settings(
        source=tmp_path,
        real_backend=Chosen(value="setuptools.build_meta:__legacy__", origin="default (PEP 517)"),
        backend_path=(),
        runtimes=(rule("torch", origin="default"),),
        provision=Chosen(value="auto", origin="default"),
        unresolved=Chosen(value="error", origin="default"),
        metadata=Chosen(value="auto", origin="default"),
        variables=(),
        target=None,
        lock=None,
        pins=(),
        stated=None,
        cache_dir=None,
        log=None,
        offline=Chosen(value=False, origin="default"),
        ask_timeout=Chosen(value=300.0, origin="default"),
        scikit_build_dir=None,
        project={},
        store=StoreSettings(),
        prebuilt=Chosen(value=None, origin="default"),
    ) == load(tmp_path, text)


FULL = """
[build-system]
requires = ["runtime-backend", "setuptools>=77", "not a requirement"]

[project]
name = "x"

[tool.scikit-build]
build-dir = "build/{wheel_tag}"

[tool.runtime-backend]
metadata = "stub"
build-backend = "mesonpy"
backend-path = [".", "tools/../backend"]
match-runtime = ["Torch>=2.4", { requirement = "JAX.lib[cuda]", match = "floor" }, "numpy; python_version < '3'"]
provision = "reuse"
unresolved = "error"
editable-env = "off"
store = "off"
prebuilt = { index = "https://example.org/simple", label = "cu{torch.cuda-major}torch{torch.minor}" }

[tool.runtime-backend.env]
CUTLASS = "1"
ARCH = { value = "9.0", force = true }
FOR = { value = "{torch.version}-{jax-lib.cuda}" }
"""


def test_everything(tmp_path: Path) -> None:
    """Each setting is read with its origin; names are normalised, and an entry with a false marker is dropped."""
    at = f"{AT}.env"
    assert Settings(
        source=tmp_path,
        real_backend=Chosen(value="mesonpy", origin=f"{AT}.build-backend"),
        backend_path=(".", "tools/../backend"),
        runtimes=(rule("Torch>=2.4"), rule("JAX.lib[cuda]", "floor", name="jax-lib")),
        provision=Chosen(value="reuse", origin=f"{AT}.provision"),
        unresolved=Chosen(value="error", origin=f"{AT}.unresolved"),
        metadata=Chosen(value="stub", origin=f"{AT}.metadata"),
        editable_env=Chosen(value="off", origin=f"{AT}.editable-env"),
        variables=(
            Variable(name="CUTLASS", template="1", force=False, origin=f"{at}.CUTLASS"),
            Variable(name="ARCH", template="9.0", force=True, origin=f"{at}.ARCH"),
            Variable(name="FOR", template="{torch.version}-{jax-lib.cuda}", force=False, origin=f"{at}.FOR"),
        ),
        target=None,
        lock=None,
        pins=(),
        stated=None,
        cache_dir=None,
        log=None,
        offline=Chosen(value=False, origin="default"),
        ask_timeout=Chosen(value=300.0, origin="default"),
        scikit_build_dir="build/{wheel_tag}",
        project={"name": "x"},
        store=StoreSettings(switch=Chosen(value="off", origin=f"{AT}.store")),
        prebuilt=Chosen(
            value=Prebuilt(url="https://example.org/simple", label="cu{torch.cuda-major}torch{torch.minor}"),
            origin=f"{AT}.prebuilt",
        ),
        build=BuildSettings(declared=("setuptools>=77",)),
    ) == load(tmp_path, FULL)


@pytest.mark.parametrize("build_dir", ['""', "3", "[]"])
def test_foreign_build_dir_of_another_kind(tmp_path: Path, build_dir: str) -> None:
    """A build-dir that scikit-build-core refuses is not reported."""
    assert load(tmp_path, f"[tool.scikit-build]\nbuild-dir = {build_dir}\n").scikit_build_dir is None
    assert load(tmp_path, "[tool]\nscikit-build = 3\n").scikit_build_dir is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("editable.rebuild = true", True),
        ("editable.rebuild = false", False),
        ('editable.rebuild-dir = "b"', True),
        ('editable = { rebuild = false, rebuild-dir = "b" }', False),
        ('editable.mode = "redirect"', False),
        ('editable = { rebuild = true, mode = "inplace" }', False),
        ("editable = 3", False),
        ("overrides = 3", False),
        ('[[tool.scikit-build.overrides]]\nif.state = "editable"\neditable.rebuild = true', True),
    ],
)
def test_scikit_build_rebuilds(tmp_path: Path, text: str, expected: bool) -> None:  # noqa: FBT001 - a table
    """An editable of scikit-build-core rebuilds itself if its table, or an override, says so."""
    assert load(tmp_path, f"[tool.scikit-build]\n{text}\n").scikit_build_rebuilds is expected


WRONG = """
[build-system]
requires = ["torch>=1", 3, "runtime-backend"]
[tool.runtime-backend]
build-backend = "runtime_backend.build:hooks"
backend-path = ["/abs", "../out", ".", 7]
match-runtime = [
    "torch>=2", "Torch", "", "torch @ https://a/torch-1-py3-none-any.whl", 3, {}, { requirement = 3, match = "exat" },
    { requirement = "numpy", mach = "floor" }, "jax; python_version ~= 'x'", "tpu; 'a' in extras",
]
provison = "auto"
provision = "resue"
unresolved = "latest"
[tool.runtime-backend.env]
"1A" = "x"
B = 3
C = { force = "yes" }
D = { value = "{torch.versoin} { {numpy.cuda} {{ok}}", forse = true }
"""
FIELDS = ", ".join(f"{name}.{field}" for name in ("torch", "numpy") for field in TEMPLATE_FIELDS)
EITHER = "expected a requirement, or { requirement, match }"
NAME = "expected a name with an optional version specifier, such as 'torch>=2.4'"
CALL = "target, lock, pin, provision, metadata, build-lock, store, store-write, store-trust, store-size, prebuilt, cache-dir, log, offline, ask-timeout, trust"
VARIABLES = ", ".join("RUNTIME_BACKEND_" + key.upper().replace("-", "_") for key in CALL.split(", "))


def test_all_mistakes_at_once(tmp_path: Path) -> None:
    """All mistakes in the file, the environment and the config settings are reported at once, each with its origin."""
    environ = {
        "RUNTIME_BACKEND_TARGT": "/x",
        "RUNTIME_BACKEND_LOCK": "uv.lock",
        "RUNTIME_BACKEND_LOG": "",
        "OTHER": "x",
    }
    found = problems_of(tmp_path, WRONG, environ, provision="alto", pin="torch>=2", cachedir="/x", target=["/a", "/b"])
    doubled = "; a literal brace is doubled"
    assert sorted(
        [
            f"RUNTIME_BACKEND_TARGT: found an unknown key (did you mean 'RUNTIME_BACKEND_TARGET'?), expected one of"
            f" {VARIABLES}",
            "config setting runtime-backend.cachedir: found an unknown key (did you mean 'cache-dir'?),"
            f" expected one of {CALL}",
            f"{AT}.match-runtime[1]: found a second entry for torch, expected one entry per runtime",
            f"{AT}.match-runtime[2]: found the string '', {NAME}",
            f"{AT}.match-runtime[3]: found the string 'torch @ https://a/torch-1-py3-none-any.whl', {NAME}",
            f"{AT}.match-runtime[4]: found int 3, {EITHER}",
            f"{AT}.match-runtime[5]: found nothing, {EITHER}",
            f"{AT}.match-runtime[6].match: found the string 'exat' (did you mean 'exact'?),"
            " expected one of exact, minor, floor",
            f"{AT}.match-runtime[6]: found int 3, {EITHER}",
            f"{AT}.match-runtime[7].mach: found an unknown key (did you mean 'match'?),"
            " expected one of match, requirement",
            f"{AT}.match-runtime[8]: found the string \"jax; python_version ~= 'x'\", {NAME}",
            f"{AT}.match-runtime[9]: found the string \"tpu; 'a' in extras\", {NAME}",
            f"{AT}.build-backend: found the string 'runtime_backend.build:hooks', expected the real backend, not this one",
            f"{AT}.backend-path[3]: found int 7, expected a string",
            f"{AT}.backend-path[0]: found the string '/abs', expected a folder inside the source tree",
            f"{AT}.backend-path[1]: found the string '../out', expected a folder inside the source tree",
            "config setting runtime-backend.provision: found the string 'alto' (did you mean 'auto'?),"
            " expected one of auto, reuse, require, none",
            f"{AT}.provision: found the string 'resue' (did you mean 'reuse'?), expected one of auto, reuse, require, none",
            f"{AT}.unresolved: found the string 'latest', expected one of error, newest",
            f"{AT}.env.1A: found the name '1A', expected a variable's name: letters, digits and underscores",
            f"{AT}.env.B: found int 3, expected a string, or {{ value, force }}",
            f"{AT}.env.C.force: found the string 'yes', expected true or false",
            f"{AT}.env.C: found nothing, expected a string, or {{ value, force }}",
            f"{AT}.env.D.forse: found an unknown key (did you mean 'force'?), expected one of force, value",
            f"{AT}.env.D: found {{torch.versoin}} (did you mean 'torch.version'?), expected one of {FIELDS}{doubled}",
            f"{AT}.env.D: found {{}}, expected one of {FIELDS}{doubled}",
            "config setting runtime-backend.target: found an array, expected one string",
            "RUNTIME_BACKEND_LOCK: found the string 'uv.lock', expected an absolute path",
            "config setting runtime-backend.pin: found the string 'torch>=2',"
            " expected 'NAME==VERSION' or 'NAME @ URL-OF-A-WHEEL'",
            "pyproject.toml: build-system.requires[1]: found int 3, expected a string",
            "pyproject.toml: build-system.requires[0]: found the string 'torch>=1', expected no torch: the frontend"
            " would install the newest torch before this backend can require the right one; its specifier belongs"
            " to tool.runtime-backend.match-runtime: runtime-backend init --write",
            f"{AT}.provison: found an unknown key (did you mean 'provision'?), expected one of backend-path,"
            " build-backend, build-constraints, build-lock, build-requires, cuda, editable-env, env, match-runtime, metadata,"
            " packages, prebuilt, provision, source, store, target, unresolved",
        ]
    ) == sorted(found)


HERE, ELSEWHERE = "python_version > '3'", "sys_platform == 'never'"


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([f'"torch>=2; {HERE}"', f'"torch>=3; {ELSEWHERE}"'], ("torch>=2", "exact")),
        (['"torch"', f'"Torch>=2; {HERE}"', f'"torch>=3; {ELSEWHERE}"'], ("torch>=2", "exact")),
        ([f'"torch[opt]<3; {HERE}"', '"torch[a]>=2"', f'"torch!=2.5; {HERE}"'], ("torch[a,opt]!=2.5,<3,>=2", "exact")),
        (['{ requirement = "torch", match = "floor" }', f'"torch>=2; {HERE}"'], ("torch>=2", "floor")),
        ([f'"torch>=2; {HERE}"', '{ requirement = "torch", match = "minor" }'], ("torch>=2", "minor")),
    ],
)
def test_entries_with_markers(entries: list[str], expected: tuple[str, str], tmp_path: Path) -> None:
    """All entries for a runtime count whose marker is true here."""
    (rule,) = load(tmp_path, f"[tool.runtime-backend]\nmatch-runtime = [{', '.join(entries)}]\n").runtimes
    shown = Requirement(str(rule.requirement).partition(";")[0])
    assert (str(Requirement(expected[0])), expected[1]) == (str(shown), rule.match)


def test_entries_that_contradict_each_other(tmp_path: Path) -> None:
    """A second entry without a marker for the same runtime is a mistake, and so is a different ``match``."""
    text = f"""[tool.runtime-backend]
match-runtime = [
    "torch", "torch>=2; {HERE}", "torch<3", {{ requirement = "numpy", match = "minor" }},
    {{ requirement = "numpy; {HERE}", match = "floor" }},
]
"""
    assert [
        f"{AT}.match-runtime[2]: found a second entry for torch, expected one entry per runtime",
        f"{AT}.match-runtime[4]: found match 'floor', expected 'minor', as in the entry for numpy before it",
    ] == problems_of(tmp_path, text)


def test_runtime_required_by_another_spelling(tmp_path: Path) -> None:
    """A runtime in build-system.requires is found by its normalised name."""
    text = '[build-system]\nrequires = ["My_Torch"]\n[tool.runtime-backend]\nmatch-runtime = ["my.torch"]\n'
    assert [
        "pyproject.toml: build-system.requires[0]: found the string 'My_Torch', expected no my-torch: the frontend"
        " would install the newest my-torch before this backend can require the right one; its specifier"
        " belongs to tool.runtime-backend.match-runtime: runtime-backend init --write"
    ] == problems_of(tmp_path, text)


def test_runtime_may_be_required_where_it_is_left_alone(tmp_path: Path) -> None:
    """With provision 'none', torch among the build requirements is no mistake."""
    text = '[build-system]\nrequires = ["torch"]\n'
    assert load(tmp_path, text, provision="none").provision.value == "none"


def test_tables_of_other_types(tmp_path: Path) -> None:
    """A value in place of a table is one mistake, not a traceback."""
    assert [
        "pyproject.toml: tool: found int 3, expected a table",
        "pyproject.toml: build-system: found an array, expected a table",
    ] == problems_of(tmp_path, "tool = 3\nbuild-system = []\n")
    assert [f"{AT}: found the string 'x', expected a table"] == problems_of(tmp_path, '[tool]\nruntime-backend = "x"\n')
    text = '[tool.runtime-backend]\nbackend-path = "x"\nmatch-runtime = "torch"\nenv = []\n'
    assert [
        f"{AT}.backend-path: found the string 'x', expected an array",
        f"{AT}.env: found an array, expected a table",
        f"{AT}.match-runtime: found the string 'torch', expected an array",
    ] == sorted(problems_of(tmp_path, text))


@pytest.mark.parametrize("content", [b"a = ", b"a = '\xff'", b"\xef\xbb\xbfa = 1", b"a = " + b"[" * 20000, None])
def test_unreadable_file(tmp_path: Path, content: bytes | None) -> None:
    """A pyproject.toml that is missing or no TOML is an error about the file, with its path."""
    if content is not None:
        (tmp_path / "pyproject.toml").write_bytes(content)
    with pytest.raises(FileError) as caught:
        load_settings(tmp_path, environ={})
    assert caught.value.message.startswith(f"{tmp_path / 'pyproject.toml'}: ")


def test_precedence(tmp_path: Path) -> None:
    """Config settings win over the environment, which wins over the file."""
    text = '[tool.runtime-backend]\nprovision = "reuse"\n'
    environ = {"RUNTIME_BACKEND_PROVISION": "require"}
    setting = load(tmp_path, text, environ, provision="none").provision
    variable = load(tmp_path, text, environ).provision
    assert Chosen(value="none", origin="config setting runtime-backend.provision") == setting
    assert Chosen(value="require", origin="RUNTIME_BACKEND_PROVISION") == variable
    assert Chosen(value="reuse", origin=f"{AT}.provision") == load(tmp_path, text).provision


def test_paths_of_one_call(tmp_path: Path) -> None:
    """A relative path starts at the person's working directory; ``~`` is the person's home."""
    environ = {"PWD": "/work/here", "RUNTIME_BACKEND_LOCK": "../uv.lock", "RUNTIME_BACKEND_CACHE_DIR": "~/c"}
    settings = load(tmp_path, "", environ, target="/venv", log="~nobody-of-that-name/log")
    assert Chosen(value=Path("/venv"), origin="config setting runtime-backend.target") == settings.target
    assert Chosen(value=Path("/work/here/../uv.lock"), origin="RUNTIME_BACKEND_LOCK") == settings.lock
    assert Chosen(value=Path("~/c").expanduser(), origin="RUNTIME_BACKEND_CACHE_DIR") == settings.cache_dir
    log = Path("/work/here/~nobody-of-that-name/log")
    assert Chosen(value=log, origin="config setting runtime-backend.log") == settings.log


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("torch==2.7.0", "torch"),
        ("Torch == 2.7.0+cu126", "torch"),
        ("torch===2.4.0a0+f70bd71a48.nv24.6", "torch"),
        ("nvidia_cublas==1.0", "nvidia-cublas"),
        ("torch @ https://host/torch-2.7.0%2Bcu126-cp311-cp311-linux_x86_64.whl#sha256=ab", "torch"),
    ],
)
def test_pin(tmp_path: Path, text: str, name: str) -> None:
    """A pin is one version, or the URL of a wheel."""
    origin = "RUNTIME_BACKEND_PIN"
    expected = (Pin(name=name, requirement=Requirement(text), origin=origin),)
    assert expected == load(tmp_path, "", {origin: text}).pins


def test_pins_one_a_line(tmp_path: Path) -> None:
    """Several runtimes are pinned one per line; empty lines are ignored."""
    pins = load(tmp_path, "", pin="torch==2.7.0\n\n  numpy==2.0 \n").pins
    assert [("torch", "torch==2.7.0"), ("numpy", "numpy==2.0")] == [(pin.name, str(pin.requirement)) for pin in pins]


@pytest.mark.parametrize(
    "text",
    [
        "torch",
        "torch>=2",
        "torch==2.*",
        "torch===latest",
        "torch==2,!=3",
        "torch==2,==2.0",
        "torch @ https://host/torch-2.tar.gz",
        "==2",
        "/x",
    ],
)
def test_wrong_pin(tmp_path: Path, text: str) -> None:
    """A range of versions, or a URL of another file, is no pin."""
    assert [
        f"RUNTIME_BACKEND_PIN: found the string {text!r}, expected 'NAME==VERSION' or 'NAME @ URL-OF-A-WHEEL'"
    ] == problems_of(tmp_path, "", {"RUNTIME_BACKEND_PIN": text})


@pytest.mark.parametrize(
    ("settings", "ours", "theirs"),
    [
        (None, {}, None),
        ({}, {}, {}),
        (
            {"runtime-backend.pin": "torch==2", "--build-option": ["-v"], "runtime-backend": "x"},
            {"pin": "torch==2"},
            {"--build-option": ["-v"], "runtime-backend": "x"},
        ),
    ],
)
def test_split_config_settings(
    settings: dict[str, Any] | None, ours: dict[str, Any], theirs: dict[str, Any] | None
) -> None:
    """Our config settings are removed, and the real backend's are not changed, even if they are None."""
    assert (ours, theirs) == split_config_settings(settings)


@pytest.mark.parametrize(
    ("template", "names", "filled"),
    [
        ("", [], ""),
        ("plain", [], "plain"),
        ("{torch.cuda}", ["torch.cuda"], "12.6"),
        ("a{torch.cuda}b{torch.cuda}", ["torch.cuda", "torch.cuda"], "a12.6b12.6"),
        ("{{torch.cuda}}", [], "{torch.cuda}"),
        ("{{{torch.cuda}}}", ["torch.cuda"], "{12.6}"),
        ("{{}}", [], "{}"),
    ],
)
def test_template(template: str, names: list[str], filled: str) -> None:
    """Single braces are filled in, and doubled ones become single."""
    assert names == placeholders(template)
    assert filled == fill_template(template, {"torch.cuda": "12.6"})


@pytest.mark.parametrize("template", ["{", "}", "{}", "a}b", "{{}", "{a{b"])
def test_stray_brace(template: str) -> None:
    """A stray brace counts as an empty placeholder, which no runtime has."""
    assert "" in placeholders(template)


def test_template_without_value() -> None:
    """A placeholder without a value raises KeyError."""
    with pytest.raises(KeyError, match=r"torch\.hip"):
        fill_template("{torch.hip}", {})


def source_problems(folder: Path, table: str) -> list[str]:
    """Return the mistakes in a ``source`` table, without their common beginning."""
    return [line.removeprefix(f"{AT}.") for line in problems_of(folder, f"[tool.runtime-backend.source]\n{table}")]


DIGEST, COMMIT = "64 hexadecimal digits", "the full hash of a commit, since a tag or branch may move"


@pytest.mark.parametrize(
    ("table", "problems"),
    [
        (
            "",
            [
                "source: found none of url, sdist, git, expected exactly one of url, sdist, git",
                f"source.sha256: found nothing, expected {DIGEST}",
            ],
        ),
        (
            f'url = "https://a/x.tar.gz"\ngit = "https://a/x"\nsha256 = "{"a" * 64}"',
            ["source: found url and git, expected exactly one of url, sdist, git"],
        ),
        ('url = "https://a/x.tar.gz"\nsha256 = "A"', [f"source.sha256: found the string 'A', expected {DIGEST}"]),
        ('url = "https://a/x.tar.gz"\nsha256 = 3', ["source.sha256: found int 3, expected a non-empty string"]),
        ('git = "https://a/x"', [f"source.rev: found nothing, expected {COMMIT}"]),
        ('git = "https://a/x"\nrev = "main"', [f"source.rev: found the string 'main', expected {COMMIT}"]),
        (
            f'git = "https://a/x"\nrev = "{"a" * 40}"\nsha256 = "{"a" * 64}"',
            [f"source.sha256: found the string '{'a' * 64}', expected no such key: it is for another kind of source"],
        ),
        *(
            (
                f'sdist = "{text}"\nsha256 = "{"a" * 64}"',
                [f"source.sdist: found the string {text!r}, expected 'name==version'"],
            )
            for text in ("x", "x>=1", "x==1,!=2", "x[a]==1", "x==1; python_version > '3'", "x @ https://a/x.whl", "-")
        ),
        (
            f'url = "https://a/x.tar.gz"\nsha256 = "{"a" * 64}"\nsubdirectory = "../x"\npatches = ["a.patch", "../b.patch"]\nref = 1',
            [
                "source.subdirectory: found the string '../x', expected a folder inside the source",
                "source.patches[0]: found the string 'a.patch', expected a file in {folder}",
                "source.patches[1]: found the string '../b.patch', expected a file in {folder}",
                "source.ref: found an unknown key, expected one of patches, sha256, subdirectory, url",
            ],
        ),
    ],
)
def test_wrong_source(table: str, problems: list[str], tmp_path: Path) -> None:
    """All mistakes in the ``source`` table are reported."""
    assert [line.format(folder=tmp_path) for line in problems] == source_problems(tmp_path, table)


def test_source_and_backend(tmp_path: Path) -> None:
    """A wrapper must not set the real backend of the source."""
    text = (
        f'[tool.runtime-backend]\nbuild-backend = "x"\nbackend-path = []\nsource = {{ git = "x", rev = "{"a" * 40}" }}'
    )
    there = "expected no such key: the pyproject.toml of the source sets it"
    assert [
        f"{AT}.{key}: found {found}, {there}"
        for key, found in (("build-backend", "the string 'x'"), ("backend-path", "an array"))
    ] == problems_of(tmp_path, text)


def test_source(tmp_path: Path) -> None:
    """The ``source`` table is read; the real backend is not known before the source is unpacked."""
    write(tmp_path / "a.patch", "")
    text = f'[tool.runtime-backend.source]\nurl = "u"\nsha256 = "{"a" * 64}"\nsubdirectory = "s"\npatches = ["a.patch"]'
    settings = load(tmp_path, text)
    assert settings.upstream == Upstream(
        kind="url",
        where="u",
        sha256="a" * 64,
        rev=None,
        subdirectory="s",
        patches=(tmp_path / "a.patch",),
        origin=f"{AT}.source",
        folder=tmp_path,
    )
    assert Chosen(value="the one in the source's pyproject.toml", origin=f"{AT}.source") == settings.real_backend
    assert "u@abc" == str(settings.upstream._replace(rev="abc"))


WRAPPER = f'[tool.runtime-backend.source]\nurl = "u"\nsha256 = "{"a" * 64}"'


@pytest.mark.parametrize(
    ("pyproject", "expected"),
    [
        (None, (LEGACY_BACKEND, (), ("setuptools",), None)),
        ("[build-system]\nrequires = []", (LEGACY_BACKEND, (), (), None)),
        (
            '[build-system]\nrequires = ["scikit-build-core", "torch"]\nbuild-backend = "scikit_build_core.build"\n'
            '[tool.scikit-build]\nbuild-dir = "b"',
            ("scikit_build_core.build", (), ("scikit-build-core", "torch"), "b"),
        ),
        (
            '[build-system]\nrequires = ["x"]\nbuild-backend = "mine"\nbackend-path = ["tools"]',
            ("mine", ("tools",), ("x",), None),
        ),
        (
            '[build-system]\nrequires = ["runtime-backend"]\nbuild-backend = "runtime_backend.build"\nbackend-path = ["_vendor"]\n'
            '[tool.runtime-backend]\nbuild-backend = "mesonpy"\n[tool.scikit-build]\nbuild-dir = 3',
            ("mesonpy", (), ("runtime-backend",), None),
        ),
        (
            '[build-system]\nrequires = ["runtime-backend"]\nbuild-backend = "runtime_backend.build"',
            (LEGACY_BACKEND, (), ("runtime-backend",), None),
        ),
    ],
)
def test_settings_of_tree(pyproject: str | None, expected: tuple[object, ...], tmp_path: Path) -> None:
    """The real backend of an upstream source is the one in its own pyproject.toml."""
    tree = tmp_path / "tree"
    tree.mkdir()
    if pyproject is not None:
        write(tree / "pyproject.toml", pyproject)
    found = settings_of_tree(load(tmp_path, WRAPPER), tree)
    assert (tree, *expected) == (
        found.source,
        found.real_backend.value,
        found.backend_path,
        found.requires,
        found.scikit_build_dir,
    )


@pytest.mark.parametrize(
    ("pyproject", "problem"),
    [
        ("x =", "the source cannot be built: .*pyproject.toml: line 1, the last one: not TOML: "),
        ('[build-system]\nbackend-path = ["../x"]', r"build-system.backend-path\[0\]: found the string '../x'"),
        ("build-system = 3", "build-system: found int 3, expected a table"),
    ],
)
def test_settings_of_a_broken_tree(pyproject: str, problem: str, tmp_path: Path) -> None:
    """Mistakes in the pyproject.toml of an upstream source are reported as errors of the source."""
    write(tmp_path / "tree/pyproject.toml", pyproject)
    with pytest.raises(SourceError, match=problem):
        settings_of_tree(load(tmp_path, WRAPPER), tmp_path / "tree")


EXPECTED_SECONDS = "expected a number of seconds above 0, at most 86400"


@pytest.mark.parametrize("text", ["soon", "0", "-1", "nan", "inf", "-inf", "86401", "1e9", "5 s"])
def test_wrong_seconds(tmp_path: Path, text: str) -> None:
    """Seconds must be a number above 0, and at most a day."""
    problem = f"RUNTIME_BACKEND_ASK_TIMEOUT: found the string {text!r}, {EXPECTED_SECONDS}"
    assert [problem] == problems_of(tmp_path, "", {"RUNTIME_BACKEND_ASK_TIMEOUT": text})


def test_seconds_that_are_no_text(tmp_path: Path) -> None:
    """Two values for the seconds are one mistake."""
    problem = "config setting runtime-backend.ask-timeout: found an array, expected one string"
    odd: dict[str, Any] = {"ask-timeout": ["1", "2"]}
    assert [problem] == problems_of(tmp_path, "", **odd)


@pytest.mark.parametrize(
    ("text", "value"), [("90", 90.0), ("0.5", 0.5), ("86400", 86_400.0), (" 1e3 ", 1_000.0), ("900_0", 9_000.0)]
)
def test_seconds(tmp_path: Path, text: str, value: float) -> None:
    """Seconds may have a fraction."""
    variable = "RUNTIME_BACKEND_ASK_TIMEOUT"
    assert Chosen(value=value, origin=variable) == load(tmp_path, "", {variable: text}).ask_timeout


def test_chosen() -> None:
    """A value with its origin is compared by both, and shows both."""
    one = Chosen(value="auto", origin="default")
    same = Chosen(value="auto", origin="default")
    assert (one, hash(one)) == (same, hash(same))
    assert one != ("auto", "default")
    assert one != Chosen(value="auto", origin="uv.lock")
    assert "Chosen(value='auto', origin='default')" == repr(one)
