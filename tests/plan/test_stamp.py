"""The stamp: what it holds of a plan, and reading it."""

from __future__ import annotations

import json

import pytest
from callers import TARGET, Scene
from hooks import make_source
from standins import make_venv
from test_plan import BUILD, plan, scene

from runtime_backend import __version__
from runtime_backend.config import Upstream
from runtime_backend.installed.identity import Identity
from runtime_backend.plan.stamp import StampedRuntime, make_stamp, read_runtimes

__all__ = ["scene"]


def test_stamp(scene: Scene) -> None:
    """A stamp records the runtime of the wheel, without values of the person's environment."""
    found = plan(BUILD, scene, scene.pip(scene.shell(scene.elsewhere)))
    stamp = make_stamp(found, real_version="9", revision="abc", compiled=2).as_json()
    assert {
        "shim": __version__,
        "runtimes": [
            {
                "name": "torch",
                "match": "exact",
                "version": TARGET,
                "reported": TARGET,
                "cuda": None,
                "hip": None,
                "rocm": None,
                "xpu": None,
                "git-version": "0123abc",
                "how": "installed",
                "decision": "asked",
                "verified": True,
                "provision": "reuse",
            }
        ],
        "toolkit": None,
        "real-backend": {"name": "backends.recording", "version": "9"},
        "variables": {"FOR": TARGET},
        "variables-kept": ["HOME"],
        "source-revision": "abc",
        "upstream": None,
        "compiled-files": 2,
        "origin": {"kind": "compiled"},
    } == stamp


@pytest.mark.parametrize(
    ("value", "is_kept"),
    [
        ("2", True),
        ("https://host/a/b", True),
        ("-O3 -DA=1/2", True),
        ("include/a", True),
        ("/opt/a", False),
        ("-O3 -I/opt/a", False),
        ("a;/opt/a", False),
        ("--root=/opt/a", False),
        ("C:\\\\a", False),
        ("file:///opt/a", False),
    ],
)
def test_stamp_holds_no_path(value: str, scene: Scene, *, is_kept: bool) -> None:
    """A variable with a path of this machine is not in the stamp."""
    make_source(scene.source, "backends.recording", f'[tool.runtime-backend.env]\nMINE = "{value}"\n')
    found = plan(BUILD, scene, scene.pip(scene.shell(scene.elsewhere)))
    stamp = make_stamp(found, real_version=None, revision=None, compiled=0).as_json()
    assert is_kept == ("MINE" in stamp["variables"])
    assert str(scene.root) not in json.dumps(stamp)


@pytest.mark.parametrize(
    ("where", "stamped"),
    [
        ("https://host/ext.git", "https://host/ext.git"),
        ("ext==1.0", "ext==1.0"),
        ("file:///home/me/ext.git", "ext.git"),
        ("/home/me/ext.git/", "ext.git"),
    ],
)
def test_stamp_of_an_upstream(where: str, stamped: str, scene: Scene) -> None:
    """For an upstream on this machine, the stamp has only its file name."""
    found = plan(BUILD, scene, scene.pip(scene.shell(scene.elsewhere)))
    upstream = Upstream(kind="git", where=where, sha256=None, rev="abc", subdirectory=None, patches=(), origin="?")
    wrapped = found._replace(settings=found.settings._replace(upstream=upstream))
    stamp = make_stamp(wrapped, real_version=None, revision=None, compiled=0).as_json()
    assert {"git": stamped, "sha256": None, "rev": "abc", "patches": []} == stamp["upstream"]


def test_stamp_of_nothing(scene: Scene) -> None:
    """The stamp of a build without a runtime has no facts about one."""
    make_venv(scene.root / "bare")
    found = plan(BUILD, scene, scene.pip(scene.shell(scene.elsewhere), prefix=scene.root / "bare"))
    stamp = make_stamp(found, real_version=None, revision=None, compiled=0).as_json()
    assert [
        {
            "name": "torch",
            "match": "exact",
            "how": None,
            "decision": "asked",
            "verified": True,
            "provision": "missing",
        }
    ] == stamp["runtimes"]


def test_runtimes_are_read_as_they_were_written(scene: Scene) -> None:
    """The reader returns what the writer was given."""
    found = make_stamp(
        plan(BUILD, scene, scene.pip(scene.shell(scene.elsewhere))), real_version=None, revision=None, compiled=0
    )
    text = json.dumps({"format": 1, **found.as_json()})
    assert list(found.runtimes) == read_runtimes(text.encode(), "stamp")


def test_facts_of_an_early_stamp() -> None:
    """The installed runtime supplies the facts that an early version did not write."""
    early = StampedRuntime(name="torch", match="exact", version="2.7.0", reported="2.7.0", facts={"cuda": None})
    assert early.is_known
    assert early.identity(None).rocm is None
    assert "6.4.2" == early.identity(Identity(name="torch", version="2.8.0", rocm="6.4.2", cuda="12.6")).rocm
    assert early.identity(Identity(name="torch", version="2.8.0", cuda="12.6")).cuda is None
