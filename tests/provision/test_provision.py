"""How a runtime is provided: present, reuse, require, none, missing."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from platforms import make_platform
from standins import make_distribution, make_torch, write

from runtime_backend.config import RuntimeRule
from runtime_backend.config.settings import Match, ProvisionChoice
from runtime_backend.errors import IndexLookupError, ResolutionError
from runtime_backend.frontend.caller import Isolation
from runtime_backend.index.find import Indexes
from runtime_backend.index.wanted import Wanted
from runtime_backend.installed.distributions import Distribution
from runtime_backend.installed.identity import Identity
from runtime_backend.provision import Provider, Provision, requirement_for
from runtime_backend.provision.fetch import plan_fetching
from runtime_backend.resolve.outcome import Outcome
from runtime_backend.resolve.resolution import Resolution

INSTALLED = Distribution(name="torch", info=Path("/target/site/torch-2.7.0.dist-info"))
IN_BUILD = Distribution(name="torch", info=Path("/build/site/torch-1.0.dist-info"))


def identity(version: str, reported: str | None = None) -> Identity:
    """Return a torch; an installed one has a reported version."""
    return Identity(name="torch", version=version, reported=reported)


def resolution(version: str = "2.7.0", **more: Any) -> Resolution:
    """Return a locked torch."""
    return Resolution(**{"identity": identity(version), "how": "locked", "origin": "uv.lock", **more})


def outcome(found: Resolution | None, visible: Identity | None = None, **more: Any) -> Outcome:
    """Return an outcome for torch."""
    rule = RuntimeRule(name="torch", requirement=Requirement("torch"), match="exact", origin="default")
    distribution = None if visible is None else IN_BUILD
    fields = {"rule": rule, "resolution": found, "visible": visible, "visible_distribution": distribution}
    return Outcome(
        **{**fields, "imported": None, "steps": (), "notes": (), "refusal": None, "is_unknown": False, **more}
    )


def told(provision: Provision) -> tuple[str, str | None, str | None]:
    """Return kind, requirement and refusal."""
    return provision.kind, provision.requirement, None if provision.refusal is None else str(provision.refusal)


def decide(
    known: Outcome,
    wanted: ProvisionChoice,
    *,
    isolation: Isolation = "throwaway",
    can_require: bool = True,
    indexes: Indexes | None = None,
    **more: Any,
) -> Provision:
    """Return how a runtime is provided in one hook."""
    fields = {
        "frontend": None,
        "is_newest_wanted": False,
        "postponed": None,
        "plan_fetching": None,
        "verified": Path("/cache/verified"),
        **more,
    }
    provider = Provider(
        wanted=wanted,
        isolation=isolation,
        kind="requirements" if can_require else "wheel",
        find_file=None if indexes is None else indexes.find,
        **fields,
    )
    return provider.decide(known)


LOCKED = resolution(url="https://h/t.whl", sha256="ab")
HERE = resolution(identity=identity("2.7.0", "2.7.0"), how="installed", origin="/target", distribution=INSTALLED)
REQUIREMENT = "torch @ https://h/t.whl#sha256=ab"
SAME, OTHER = identity("2.7.0", "2.7.0"), identity("1.0", "1.0")

NOT_ASKED = (
    "the wheel is for torch 2.7.0 (locked: uv.lock), which the build environment does not have:"
    f" the frontend did not ask for the requirement {REQUIREMENT!r}, or did not install it\n"
    "Run the same command again: the requirement is known now. Without build isolation, install it first:"
    " pip install 'torch==2.7.0'."
)
OTHER_VISIBLE = (
    "the build environment has torch 1.0 (/build/site), but the wheel is for torch 2.7.0 (locked: uv.lock);"
    " match-runtime asks for 'exact'\n"
)
AGAIN = (
    "Run the same command again: the frontend asked for the build requirements before this was known. If that does not"
    " help, remove torch from build constraints and extra build dependencies."
)
REMOVE = (
    "Remove the build environment that the frontend keeps (hatch env prune; tox --recreate), then run the same command"
    " again."
)
NOT_INSTALLED = (
    "provision is 'reuse', but torch 2.7.0 (locked: uv.lock) is not installed in the environment that the wheel is for\n"
    "Install it there, or let the frontend install it into the build environment: RUNTIME_BACKEND_PROVISION=require."
)
NOT_TO_BE_HAD = (
    "torch 2.7.0 (locked: uv.lock) cannot be required: no wheel for this platform\n"
    "Install it in the environment that the wheel is for, then run the same command again."
)


@pytest.mark.parametrize(
    ("known", "wanted", "is_kept", "can_require", "expected"),
    [
        (outcome(LOCKED), "none", False, True, ("none", None, None)),
        (outcome(None), "auto", False, True, ("missing", None, None)),
        (outcome(LOCKED, SAME), "auto", False, True, ("present", None, None)),
        (outcome(LOCKED, SAME), "require", False, False, ("present", None, None)),
        (outcome(LOCKED, SAME), "auto", True, True, ("require", REQUIREMENT, None)),
        (outcome(LOCKED, SAME), "auto", True, False, ("present", None, None)),
        (outcome(LOCKED, SAME), "reuse", True, True, ("present", None, None)),
        (outcome(resolution(missing="no wheel"), SAME), "auto", True, True, ("present", None, None)),
        (outcome(LOCKED), "auto", False, True, ("require", REQUIREMENT, None)),
        (outcome(LOCKED), "auto", False, False, ("missing", None, NOT_ASKED)),
        (outcome(HERE), "auto", False, True, ("reuse", None, None)),
        (outcome(HERE), "reuse", False, False, ("reuse", None, None)),
        (outcome(HERE), "require", False, True, ("require", "torch===2.7.0", None)),
        (outcome(LOCKED), "reuse", False, True, ("missing", None, NOT_INSTALLED)),
        (
            outcome(resolution(missing="no wheel for this platform")),
            "auto",
            False,
            True,
            ("missing", None, NOT_TO_BE_HAD),
        ),
        (outcome(LOCKED, OTHER), "auto", False, True, ("missing", None, OTHER_VISIBLE + AGAIN)),
        (outcome(LOCKED, OTHER), "auto", False, False, ("missing", None, OTHER_VISIBLE + AGAIN)),
        (outcome(LOCKED, OTHER), "auto", True, True, ("require", REQUIREMENT, None)),
        (outcome(LOCKED, OTHER), "auto", True, False, ("missing", None, OTHER_VISIBLE + REMOVE)),
        (outcome(HERE, OTHER), "auto", True, True, ("require", "torch===2.7.0", None)),
        (outcome(LOCKED, OTHER), "reuse", True, True, ("missing", None, OTHER_VISIBLE + REMOVE)),
    ],
)
def test_decide(
    known: Outcome,
    wanted: ProvisionChoice,
    is_kept: bool,  # noqa: FBT001 - columns of the table
    can_require: bool,  # noqa: FBT001
    expected: tuple[str, str | None, str | None],
) -> None:
    """The first way that works is used, unless the settings name one; otherwise, the hook stops."""
    assert expected == told(
        decide(known, wanted, isolation="kept" if is_kept else "throwaway", can_require=can_require)
    )


@pytest.mark.parametrize(
    ("known", "wanted", "why"),
    [
        (outcome(LOCKED), "none", "provision is 'none': the package sees what the frontend gives it"),
        (outcome(LOCKED, SAME), "auto", "the build environment has it: torch 2.7.0"),
        (outcome(HERE), "auto", "installed in /target/site"),
        (outcome(LOCKED), "auto", "locked: uv.lock"),
        (outcome(None), "auto", "the runtime is not known"),
        (outcome(LOCKED), "reuse", "it cannot be shown to the real backend"),
    ],
)
def test_why(known: Outcome, wanted: ProvisionChoice, why: str) -> None:
    """Each provision has a reason for the plan."""
    assert why == decide(known, wanted).why


@pytest.mark.parametrize(("specifier", "requirement"), [("", "torch"), ("<3,>=2.4", "torch<3,>=2.4")])
def test_newest(specifier: str, requirement: str) -> None:
    """If no runtime is known and the newest is wanted, the frontend chooses within the package's specifier."""
    rule = RuntimeRule(name="torch", requirement=Requirement(f"torch{specifier}"), match="exact", origin="default")
    known = outcome(None, rule=rule, is_unknown=True)
    expected = Provision(kind="require", why="none is known, and unresolved is 'newest'", requirement=requirement)
    assert expected == decide(known, "auto", is_newest_wanted=True)


def test_poetry_is_asked_in_its_words() -> None:
    """For poetry, the requirement has a form that poetry can parse."""
    assert "torch==2.7.0" == decide(outcome(resolution()), "auto", frontend="poetry").requirement


def test_fetched_when_it_is_too_late(tmp_path: Path) -> None:
    """A runtime that can no longer be required is fetched; a fetched one is reused."""
    fetching = plan_fetching(tmp_path, "3.11", "torch===2.7.0")
    planned = partial(plan_fetching, tmp_path, "3.11")
    first = decide(outcome(resolution()), "auto", can_require=False, plan_fetching=planned)
    why = "the build environment was made before this was known"
    assert Provision(kind="fetch", why=why, fetching=fetching) == first
    make_torch(fetching.folder, "2.7.0")
    second = decide(outcome(resolution()), "auto", can_require=False, plan_fetching=planned)
    assert ("reuse", f"fetched before: {fetching.folder}") == (second.kind, second.why)


def test_refusal_goes_before_all() -> None:
    """A refused runtime is not provided, even if it is installed."""
    refusal = ResolutionError("not-this-one", "not this one")
    found = decide(outcome(HERE, SAME, refusal=refusal), "auto", can_require=True)
    assert ("missing", refusal) == (found.kind, found.refusal)


def test_visible_from_nowhere() -> None:
    """A runtime without a known location is reported."""
    known = outcome(LOCKED, OTHER)._replace(visible_distribution=None)
    assert OTHER_VISIBLE.replace("/build/site", "?") + AGAIN == str(decide(known, "auto", can_require=False).refusal)


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (resolution(url="https://h/t%2Bcpu.whl", sha256="ab"), "torch @ https://h/t%2Bcpu.whl#sha256=ab"),
        (resolution(url="https://h/t.whl#sha256=cd", sha256="ab"), "torch @ https://h/t.whl#sha256=ab"),
        (resolution(url="https://h/t.whl#sha256=cd"), "torch @ https://h/t.whl#sha256=cd"),
        (resolution(url="https://h/t.whl"), "torch @ https://h/t.whl"),
        (resolution(pin=SpecifierSet("==2.7")), "torch==2.7"),
        (resolution("2.7.0+cu126"), "torch==2.7.0+cu126"),
        (resolution("2.7.0"), "torch===2.7.0"),
        (resolution(missing="no wheel"), None),
        (resolution(identity=identity("2.7.0+cpu", "2.7.0+cpu"), pin=SpecifierSet("==2.7")), "torch==2.7.0+cpu"),
    ],
)
def test_requirement(known: Resolution, expected: str | None) -> None:
    """A requirement has one form: the URL if it is known, else exactly the version."""
    assert expected == requirement_for(known, None)


def test_requirement_under_poetry() -> None:
    """Poetry cannot parse the arbitrary equality of PEP 440."""
    assert requirement_for(resolution("2.7.0"), "poetry") == "torch==2.7.0"


def kept(folder: Path, wanted: Wanted) -> Indexes:
    """Return indexes with a stored result, which send no request."""
    indexes = Indexes(folder=folder, platform=make_platform("linux-x86_64", "3.11"), environ={}, is_offline=True)
    path = indexes._folder_entry(wanted)  # noqa: SLF001 - the only way without an index
    write(path, json.dumps({"name": "torch-2.7.0.whl", "url": "https://h/torch-2.7.0.whl", "sha256": "ab"}))
    return indexes


WANTED = Wanted(name="torch", version="2.7.0", indexes=("https://h/simple",), file="torch-2.7.0.whl")


def test_looked_up(tmp_path: Path) -> None:
    """A wheel that a lock names without a URL is required by the URL on its index."""
    known = outcome(resolution(wanted=WANTED))
    required = "torch @ https://h/torch-2.7.0.whl#sha256=ab"
    assert ("require", required, None) == told(decide(known, "auto", indexes=kept(tmp_path, WANTED)))
    kind, _, refusal = told(decide(known, "auto", can_require=False, indexes=kept(tmp_path, WANTED)))
    assert (kind, required in str(refusal)) == ("missing", True)


def test_not_found(tmp_path: Path) -> None:
    """A wheel that is not found stops the build; nothing else is required instead."""
    indexes = Indexes(folder=tmp_path, platform=make_platform("linux-x86_64", "3.11"), environ={}, is_offline=True)
    found = decide(outcome(resolution(wanted=WANTED)), "auto", indexes=indexes)
    assert (found.kind, found.requirement, type(found.refusal)) == ("missing", None, IndexLookupError)


def test_not_found_but_on_the_default_index(tmp_path: Path) -> None:
    """If the default index may have it as well, the version is required."""
    indexes = Indexes(folder=tmp_path, platform=make_platform("linux-x86_64", "3.11"), environ={}, is_offline=True)
    known = outcome(resolution(wanted=WANTED._replace(or_default=True)))
    assert ("require", "torch===2.7.0", None) == told(decide(known, "auto", indexes=indexes))


def test_not_looked_up_for_metadata() -> None:
    """A hook that needs no runtime sends no request to an index."""
    assert told(decide(outcome(resolution(wanted=WANTED)), "auto", can_require=False))[0] == "missing"


@pytest.mark.parametrize(
    ("frontend", "program"),
    [
        ("pip", "pip install"),
        (None, "pip install"),
        ("uv", "uv pip install"),
        ("pdm", "pdm add"),
        ("poetry", "poetry add"),
    ],
)
@pytest.mark.parametrize("can_require", [True, False])
def test_other_is_installed(frontend: str | None, program: str, can_require: bool) -> None:  # noqa: FBT001 - a column
    """Without isolation, an installed runtime that the command will replace is an error with the way out."""
    refusal = (
        "torch 1.0 is installed, and without build isolation the wheel would be built against it, but the command"
        " replaces it with torch 2.7.0 (locked: uv.lock)\n"
        f"Install the new one first, in a separate command: {program} 'torch==2.7.0'; then run the same command again."
    )
    found = decide(outcome(LOCKED, OTHER), "auto", can_require=can_require, isolation="none", frontend=frontend)
    assert ("missing", None, refusal) == told(found)


DEMANDED, ANOTHER = "ab", "cd"


@pytest.mark.parametrize(
    ("direct", "present_for"),
    [
        ({"url": "https://h/t.whl", "archive_info": {"hashes": {"sha256": DEMANDED}}}, ["pip", "pdm", "uv"]),
        ({"url": "https://h/t.whl", "archive_info": {"hash": f"sha256={DEMANDED}"}}, ["pip", "pdm", "uv"]),
        ({"url": "https://h/t.whl", "archive_info": {"hashes": {"sha256": ANOTHER}}}, []),
        ({"url": "https://h/t.whl", "archive_info": {"hash": f"sha256={ANOTHER}"}}, []),
        ({"url": "https://h/t.whl", "archive_info": {}}, ["pip", "pdm", "uv"]),
        ({"url": "file:///t", "dir_info": {}}, ["uv"]),
        (None, ["uv"]),
    ],
    ids=["same", "same, older key", "other", "other, older key", "no hash", "folder", "from an index"],
)
def test_wheel_that_was_demanded(direct: dict[str, Any] | None, present_for: list[str], tmp_path: Path) -> None:
    """The right version is present only if it came from the required URL, which pip and pdm do not ensure."""
    extra = {} if direct is None else {"direct_url.json": json.dumps(direct)}
    owner = Distribution(name="torch", info=make_distribution(tmp_path, "torch", "2.7.0", extra=extra))
    known = outcome(LOCKED, SAME, visible_distribution=owner)
    found = {name: decide(known, "auto", frontend=name) for name in ("pip", "pdm", "uv")}
    assert present_for == [name for name, provision in found.items() if provision.kind == "present"]
    refused = [provision for provision in found.values() if provision.kind != "present"]
    assert {
        ("missing", None, OTHER_VISIBLE.replace("torch 1.0 (/build/site)", f"torch 2.7.0 ({tmp_path})") + AGAIN)
    } >= {told(provision) for provision in refused}


@pytest.mark.parametrize("match", ["minor", "floor"])
def test_another_wheel_that_will_do(match: Match, tmp_path: Path) -> None:
    """If another version is acceptable, so is the same version from another URL."""
    owner = Distribution(name="torch", info=make_distribution(tmp_path, "torch", "2.7.0"))
    rule = RuntimeRule(name="torch", requirement=Requirement("torch"), match=match, origin="default")
    known = outcome(LOCKED, SAME, visible_distribution=owner, rule=rule)
    assert "present" == decide(known, "auto", frontend="pip").kind


def test_verified_first() -> None:
    """A frontend that checks no hash gets a file whose hash was checked."""
    known = outcome(resolution(url="https://h/t%2Bcpu.whl#x=y", sha256="ab"))
    found = decide(known, "auto", frontend="poetry", checks_hashes=False)
    assert ("require", "torch @ file:///cache/verified/ab/t%2Bcpu.whl#sha256=ab", None) == told(found)
    checking = found.verifying
    assert checking is not None
    assert ("https://h/t%2Bcpu.whl", "ab", Path("/cache/verified")) == checking[:3]


@pytest.mark.parametrize(
    ("known", "how"),
    [
        (LOCKED, {"checks_hashes": True}),
        (LOCKED, {"can_require": False}),
        (resolution(url="https://h/t.whl"), {}),
        (resolution(), {}),
    ],
    ids=["checked", "too late", "no hash", "no URL"],
)
def test_not_verified(known: Resolution, how: dict[str, Any]) -> None:
    """Nothing is downloaded if the frontend checks the hash, or there is nothing to check or install."""
    assert None is decide(outcome(known), "auto", **({"checks_hashes": False} | how)).verifying


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (LOCKED, "torch==2.7.0"),
        (resolution("2.7.0+cu126", url="https://h/t.whl", sha256="ab"), "torch==2.7.0+cu126"),
        (resolution("", url="https://h/t.whl", sha256="ab"), REQUIREMENT),
    ],
)
def test_versions_instead_of_urls(known: Resolution, expected: str) -> None:
    """A uv that gets hashes from its constraints gets the version; the URL only if the version is unknown."""
    found = decide(outcome(known), "auto", frontend="uv", wants_versions=True)
    assert ("require", expected, None) == told(found)


def test_wheel_from_the_same_index(tmp_path: Path) -> None:
    """A version that pip's dry run chose on an index is present once the same pip has installed it."""
    owner = Distribution(name="torch", info=make_distribution(tmp_path, "torch", "2.7.0"))
    asked = outcome(LOCKED._replace(is_direct=False), SAME, visible_distribution=owner)
    assert "present" == decide(asked, "auto", frontend="pip").kind
