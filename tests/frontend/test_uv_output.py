"""Reading the output of uv's dry run, and the file of a resolution."""

from __future__ import annotations

import pytest

from runtime_backend.errors import DecisionError
from runtime_backend.frontend.asking.answer import Change
from runtime_backend.frontend.asking.uv_output import read_changes, read_dry_run, read_resolution

WHEEL = "https://example.org/torch-9.4.0%2Bcu126-py3-none-any.whl"

DRY_RUN = """\
Using Python 3.11.7 environment at: ve
Resolved 2 packages in 3ms
Would download 2 packages
Would uninstall 1 package
Would install 2 packages
 + ext @ file:///home/jo/ext
 - foo==1.0
 + foo @ file:///home/jo/foo-2.0-py3-none-any.whl
"""


def test_dry_run() -> None:
    """The lines with a sign are read from the output of a real dry run (uv 0.13.9)."""
    wheel = "file:///home/jo/foo-2.0-py3-none-any.whl"
    assert {"ext": Change(version="", is_source=True), "foo": Change(version="2.0", url=wheel)} == dict(
        read_dry_run(DRY_RUN)
    )


@pytest.mark.parametrize("first", ["Audited 1 package in 118ms", "Checked 1 package in 0.93ms"])
def test_no_changes(first: str) -> None:
    """A dry run without changes prints that (uv 0.8.24, 0.13.9)."""
    assert {} == read_dry_run(f"Using Python 3.11.7 environment at: ve\n{first}\nWould make no changes\n")


@pytest.mark.parametrize("text", ["", '{"changes": []}', "Resolved 2 packages in 3ms\n* torch 9.1.0"])
def test_silence(text: str) -> None:
    """Unknown output is no answer, and does not mean that nothing changes."""
    with pytest.raises(
        DecisionError, match=r"^uv's dry run gave no answer: expected changes or 'Would make no changes'"
    ):
        read_dry_run(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" + torch==9.4.0+cu126", {"torch": Change(version="9.4.0+cu126")}),
        (" - torch==9.1.0", {"torch": Change(version=None)}),
        (" - torch==9.1.0\n + torch==9.4.0", {"torch": Change(version="9.4.0")}),
        (" + torch==9.4.0\n - torch==9.1.0", {"torch": Change(version="9.4.0")}),
        (" ~ torch==9.4.0", {"torch": Change(version="9.4.0")}),
        (" ~ torch==9.1.0 (from file:///a)", {"torch": Change(version="9.1.0", is_source=True)}),
        (f" + torch==9.4.0 (from {WHEEL})", {"torch": Change(version="9.4.0", url=WHEEL)}),
        (f" + torch @ {WHEEL}#sha256=ab&x=y", {"torch": Change(version="9.4.0+cu126", url=WHEEL, sha256="ab")}),
        (" + torch @ git+https://example.org/torch@0123", {"torch": Change(version="", is_source=True)}),
        (" + torch @ https://example.org/odd.whl", {"torch": Change(version="", url="https://example.org/odd.whl")}),
        (" + Torch_Vision==1\r", {"torch-vision": Change(version="1")}),
        ("+ torch==9.4.0\n  + torch==1\n * torch==1\nwarning: + torch==1", {}),
        ("", {}),
    ],
)
def test_changes(text: str, expected: dict[str, Change]) -> None:
    """Each line has the change of a distribution; an addition wins over a removal."""
    assert expected == dict(read_changes(text))


RESOLUTION = f"""\
# a comment
-e file:///home/jo/ext
Torch==9.4.0+cu126
triton==3.1 ; sys_platform == 'linux'
a @ {WHEEL}#sha256=ab
b @ file:///home/jo/b
./c
"""


def test_resolution() -> None:
    """A resolution has versions and URLs; an editable has neither."""
    assert {
        "torch": Change(version="9.4.0+cu126"),
        "triton": Change(version="3.1"),
        "a": Change(version="9.4.0+cu126", url=WHEEL, sha256="ab"),
        "b": Change(version="", is_source=True),
    } == dict(read_resolution(RESOLUTION))
