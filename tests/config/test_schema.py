"""The JSON schema accepts the same tables, has the same keys and choices, and works in validate-pyproject."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from standins import write
from validate_pyproject.api import Validator
from validate_pyproject.error_reporting import ValidationError
from validate_pyproject.plugins import PluginWrapper
from validate_pyproject.types import Schema

from runtime_backend import config
from runtime_backend.config import load_settings
from runtime_backend.config.schema import tool_schema
from runtime_backend.config.settings import COMPILER_CACHES, TOOLKITS
from runtime_backend.config.store import WRITES
from runtime_backend.errors import ConfigError
from runtime_backend.formats.toml import loads

RIGHT = [
    "",
    'build-backend = "mesonpy"',
    "backend-path = []",
    'backend-path = [".", "tools"]',
    "match-runtime = []",
    'match-runtime = ["torch", "numpy>=2"]',
    'match-runtime = [{ requirement = "torch" }, { requirement = "numpy>=2", match = "minor" }]',
    *(f'match-runtime = [{{ requirement = "torch", match = "{match}" }}]' for match in config.MATCHES),
    *(f'provision = "{provision}"' for provision in config.PROVISIONS),
    *(f'unresolved = "{unresolved}"' for unresolved in config.UNRESOLVED),
    *(f'editable-env = "{choice}"' for choice in config.EDITABLE_ENVS),
    "env = {}",
    'env = { A = "", _b2 = "{torch.version}" }',
    'env = { A = { value = "x" }, B = { value = "", force = true } }',
]
WRONG = [
    "unknown = 1",
    'build-backend = ""',
    "build-backend = 3",
    'backend-path = "."',
    "backend-path = [1]",
    'match-runtime = "torch"',
    "match-runtime = [3]",
    "match-runtime = [{}]",
    'match-runtime = [{ match = "minor" }]',
    'match-runtime = [""]',
    'match-runtime = [{ requirement = "" }]',
    'match-runtime = [{ requirement = "torch", match = "major" }]',
    'match-runtime = [{ requirement = "torch", other = 1 }]',
    'provision = "fetch"',
    "provision = true",
    'unresolved = "latest"',
    'editable-env = "on"',
    'metadata = "dynamic"',
    "env = []",
    "env = { A = 1 }",
    "env = { A = {} }",
    "env = { A = { force = true } }",
    'env = { A = { value = "x", force = "yes" } }',
    'env = { A = { value = "x", other = 1 } }',
    "env = { A = { value = 3 } }",
    "env = { '1A' = 'x' }",
    "env = { 'A-B' = 'x' }",
    "env = { '' = 'x' }",
]
RIGHT += [
    "cuda = {}",
    *(f'cuda = {{ toolkit = "{toolkit}" }}' for toolkit in TOOLKITS),
    *(f'cuda = {{ compiler-cache = "{name}" }}' for name in COMPILER_CACHES),
    'cuda = { arch-list = "auto", jobs = "auto", job-memory = 3.5 }',
    'cuda = { arch-list = "9.0;8.6+PTX Hopper", jobs = 4, job-memory = 3 }',
    'cuda = { arch-list = ["9.0a"] }',
    "packages = { x = { cuda = { jobs = 2 } } }",
    f'source = {{ url = "https://example.org/x-1.tar.gz", sha256 = "{"a" * 64}" }}',
    f'source = {{ sdist = "x==1", sha256 = "{"a" * 64}", patches = [] }}',
    f'source = {{ git = "https://example.org/x.git", rev = "{"a" * 40}", subdirectory = "python" }}',
    'target = { environment = ".venv", lock = "uv.lock", extras = ["cu128"], groups = [] }',
    'store = "on"',
    'store = "off"',
    "store = {}",
    *(f'store = {{ url = "../wheels", write = "{write}", trust = "store.lock", size = "20 GB" }}' for write in WRITES),
    *(f'store = {{ url = "{scheme}://host/path" }}' for scheme in ("s3", "gs", "az", "https")),
    'prebuilt = "off"',
    'prebuilt = { index = "https://example.org/simple", label = "cu{torch.cuda-major}torch{torch.minor}" }',
    'packages = { x = { store = "off", prebuilt = { index = "https://example.org/simple", label = "x" } } }',
    'packages = { x = {}, "Y.z" = { match = "minor", provision = "reuse", unresolved = "error", editable-env = "off", env = { A = "1" } } }',
]
WRONG += [
    "cuda = 1",
    "cuda = { arch-list = [] }",
    "cuda = { arch-list = [3] }",
    'cuda = { arch-list = "" }',
    "cuda = { jobs = 0 }",
    "cuda = { jobs = true }",
    'cuda = { jobs = "4" }',
    "cuda = { job-memory = 0 }",
    'cuda = { toolkit = "nvcc" }',
    'cuda = { compiler-cache = "yes" }',
    "cuda = { compiler-cache = true }",
    "packages = { x = { cuda = { jobs = 0 } } }",
    "source = 1",
    "source = {}",
    'source = { url = "https://example.org/x-1.tar.gz" }',
    'source = { git = "https://example.org/x.git", rev = "v1" }',
    f'source = {{ git = "x", rev = "{"a" * 40}", url = "y", sha256 = "{"a" * 64}" }}',
    f'source = {{ url = "x", sha256 = "{"a" * 64}", patches = "x" }}',
    f'source = {{ url = "x", sha256 = "{"a" * 64}", ref = "x" }}',
    "target = 1",
    'target = { environment = "" }',
    'target = { extras = "cu128" }',
    "target = { groups = [1] }",
    "target = { locks = 1 }",
    "packages = 1",
    "packages = { x = 1 }",
    'packages = { x = { build-backend = "mine" } }',
    'packages = { x = { match = "major" } }',
    "packages = { x = { env = { A = 1 } } }",
    "store = true",
    'store = "never"',
    'store = { url = "" }',
    'store = { url = "x", write = "yes" }',
    'store = { size = "20" }',
    "store = { size = 20 }",
    'store = { urls = "x" }',
    'prebuilt = "on"',
    "prebuilt = {}",
    'prebuilt = { index = "https://example.org/simple" }',
    'prebuilt = { index = "ftp://example.org/simple", label = "x" }',
    'prebuilt = { index = "https://example.org/simple", label = "x", hash = "x" }',
    'packages = { x = { store = { url = "x" } } }',
    "packages = { x = { prebuilt = true } }",
]
ONLY_SETTINGS_REFUSE = [  # what a schema cannot know
    'cuda = { arch-list = "sm_90" }',
    'build-backend = "runtime_backend.build"',
    'backend-path = ["../outside"]',
    'match-runtime = ["torch", "Torch"]',
    'match-runtime = ["torch >"]',
    'env = { A = "{torch.colour}" }',
    'store = { url = "ftp://host/path" }',
    'store = { write = "ci" }',
    'store = { trust = "store.lock" }',
    'store = { url = "https://host/path", write = "always" }',
    'store = { url = "http://host/path" }',
    'prebuilt = { index = "https://example.org/simple", label = "{torch.site}" }',
]


def settings_accept(table: str, folder: Path) -> bool:
    """Return whether our own reader accepts the table."""
    write(folder / "pyproject.toml", f"[tool.runtime-backend]\n{table}\n")
    try:
        load_settings(folder, start=folder, environ={})
    except ConfigError:
        return False
    return True


def schema_accepts(table: str, _: Path) -> bool:
    """Return whether the schema accepts the table."""
    return bool(jsonschema.Draft7Validator(tool_schema()).is_valid(loads(table)))


def validator_accepts(table: str, _: Path) -> bool:
    """Return whether validate-pyproject accepts a file with the table, with the entry point's function."""
    validate = Validator([PluginWrapper("runtime-backend", lambda tool: Schema(tool_schema(tool)))])
    try:
        validate(loads(f'[project]\nname = "x"\nversion = "1"\n[tool.runtime-backend]\n{table}\n'))
    except ValidationError:
        return False
    return True


JUDGES = [settings_accept, schema_accepts, validator_accepts]
Judge = Callable[[str, Path], bool]


@pytest.mark.once
@pytest.mark.parametrize("judge", JUDGES)
@pytest.mark.parametrize("table", RIGHT)
def test_right(judge: Judge, table: str, tmp_path: Path) -> None:
    """Settings, schema and validate-pyproject accept a valid table."""
    assert judge(table, tmp_path)


@pytest.mark.once
@pytest.mark.parametrize("judge", JUDGES)
@pytest.mark.parametrize("table", WRONG)
def test_wrong(judge: Judge, table: str, tmp_path: Path) -> None:
    """Settings, schema and validate-pyproject refuse an invalid table."""
    assert not judge(table, tmp_path)


@pytest.mark.parametrize("table", ONLY_SETTINGS_REFUSE)
def test_beyond_a_schema(table: str, tmp_path: Path) -> None:
    """Mistakes that a schema cannot express are refused by the settings alone."""
    assert [False, True] == [settings_accept(table, tmp_path), schema_accepts(table, tmp_path)]


def test_schema_is_one() -> None:
    """The schema itself is valid."""
    jsonschema.Draft7Validator.check_schema(tool_schema())


def test_other_tool() -> None:
    """The schema of another table is refused."""
    with pytest.raises(
        ValueError, match=r"^found tool\.black, expected tool\.runtime-backend: no other schema is known$"
    ):
        tool_schema("black")


def test_entry_point() -> None:
    """The entry point leads to the function."""
    project = loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))["project"]
    expected = {"runtime-backend": f"{tool_schema.__module__}:{tool_schema.__name__}"}
    assert expected == project["entry-points"]["validate_pyproject.tool_schema"]


def test_same_keys(tmp_path: Path) -> None:
    """The schema has exactly the keys of the settings."""
    write(tmp_path / "pyproject.toml", "[tool.runtime-backend]\nqqqq = 1\n")
    with pytest.raises(ConfigError) as caught:
        load_settings(tmp_path, environ={})
    keys = ", ".join(sorted(tool_schema()["properties"]))
    problem = f"pyproject.toml: tool.runtime-backend.qqqq: found an unknown key, expected one of {keys}"
    assert (problem,) == caught.value.problems


def test_same_choices_and_defaults() -> None:
    """The schema has the choices of the settings in the same order, and the same defaults."""
    properties: dict[str, Any] = tool_schema()["properties"]
    match = properties["match-runtime"]["items"]["oneOf"][1]["properties"]["match"]
    assert [config.PROVISIONS, config.UNRESOLVED, config.METADATA, config.EDITABLE_ENVS, config.MATCHES] == [
        tuple(choice["enum"])
        for choice in (*(properties[key] for key in ("provision", "unresolved", "metadata", "editable-env")), match)
    ]
    assert [config.LEGACY_BACKEND, config.PROVISIONS[0], config.UNRESOLVED[0], config.METADATA[0], config.EDITABLE_ENVS[0], config.MATCHES[0], ["torch"]] == [
        choice["default"]
        for choice in (*(properties[key] for key in ("build-backend", "provision", "unresolved", "metadata", "editable-env")), match,
                       properties["match-runtime"])
    ]  # fmt: skip


def test_same_choices_of_cuda() -> None:
    """The ``cuda`` tables of producers and consumers have the choices of the settings."""
    properties: dict[str, Any] = tool_schema()["properties"]
    tables = (properties["cuda"], properties["packages"]["additionalProperties"]["properties"]["cuda"])
    assert [(TOOLKITS, COMPILER_CACHES)] * 2 == [
        tuple(tuple(table["properties"][key]["enum"]) for key in ("toolkit", "compiler-cache")) for table in tables
    ]
