"""The variables that the settings name for the real backend."""

from __future__ import annotations

from pathlib import Path

import pytest
from standins import write

from runtime_backend.config import Variable
from runtime_backend.installed.identity import Identity
from runtime_backend.plan.variables import PlannedVariable, build_label, known_values, plan_variables

TORCH = Identity(name="torch", version="2.7.0", reported="2.7.0+cu126", cuda="12.6", git_version="abc")
NUMPY = Identity(name="numpy", version="2.0", reported="2.0")
ROCM = Identity(name="torch", version="2.9.0", reported="2.9.0+rocm6.4", hip="6.4.43484-123eb5128", rocm="6.4.2")
XPU = Identity(name="torch", version="2.9.0", reported="2.9.0+xpu", xpu="20250101")
LOCKED = Identity(name="torch", version="2.7.0+cu126")


def plan(
    template: str, *identities: Identity, environ: dict[str, str] | None = None, force: bool = False
) -> list[str | None]:
    """Return (value, why) of a variable A."""
    variable = Variable(name="A", template=template, force=force, origin="here")
    (planned,) = plan_variables([variable], identities, {"torch": Path("/overlay")}, environ or {})
    assert PlannedVariable(name="A", value=planned.value, origin="here", why=planned.why) == planned
    return [planned.value, planned.why]


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("1", "1"),
        ("", ""),
        ("{torch.version}|{torch.cuda}|{torch.hip}|{torch.git-version}", "2.7.0+cu126|12.6||abc"),
        ("{numpy.version}|{numpy.cuda}", "2.0|"),
        ("{torch.site}/nvidia/cu13/include", "/overlay/nvidia/cu13/include"),
        ("{{torch.cuda}} {{{torch.cuda}}}", "{torch.cuda} {12.6}"),
    ],
)
def test_value(template: str, value: str) -> None:
    """A template is filled in with the versions in the runtimes' own code; facts that do not apply are empty."""
    assert [value, "set"] == plan(template, TORCH, NUMPY)


@pytest.mark.parametrize(
    ("force", "expected"),
    [(False, [None, "left as the environment has it"]), (True, ["1", "set, over the environment's"])],
)
@pytest.mark.parametrize("own", ["0", ""])
def test_the_environment_wins(own: str, force: bool, expected: list[str | None]) -> None:  # noqa: FBT001 - a table
    """The person's environment wins, even with an empty value, unless the entry has ``force``."""
    assert expected == plan("1", TORCH, environ={"A": own}, force=force)


@pytest.mark.parametrize("identities", [(), (LOCKED,), (NUMPY,)])
def test_runtime_that_is_not_there(identities: tuple[Identity, ...]) -> None:
    """A variable is not set if its value is unknown before the runtime is installed."""
    why = "not set: torch.cuda, torch.hip not known before the runtime is installed"
    assert [None, why] == plan("{torch.cuda}{torch.hip}", *identities)
    assert ["1", "set"] == plan("1", *identities)


@pytest.mark.parametrize(("torch", "value"), [(ROCM, "6.4.43484-123eb5128|6.4.2|"), (XPU, "||20250101"), (TORCH, "||")])
def test_value_of_other_accelerators(torch: Identity, value: str) -> None:
    """The facts of a torch for ROCm or XPU can be filled in, too."""
    assert [value, "set"] == plan("{torch.hip}|{torch.rocm}|{torch.xpu}", torch)


def test_build_label() -> None:
    """A build folder's name contains the runtimes, differs if they differ, and needs no quoting."""
    assert build_label([TORCH]).startswith("torch-2.7.0.cu126-")
    assert build_label([TORCH, NUMPY]).startswith("torch-2.7.0.cu126-numpy-2.0-")
    assert build_label([LOCKED]).startswith("torch-2.7.0.cu126-")
    odd = Identity(name="torch", version="1!2.0", reported="2 $(x)/..\\%", git_version="abc")
    other = Identity(name="torch", version="2.7.0", reported="2.7.0+cu126", cuda="12.6", git_version="other")
    rocm = ROCM._replace(rocm="6.4.3")
    later = XPU._replace(xpu="20250302")
    labels = [build_label([identity]) for identity in (TORCH, LOCKED, odd, other, ROCM, rocm, XPU, later)]
    assert len(labels) == len(set(labels))
    assert set("".join(labels)) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-")
    assert build_label([TORCH]) == build_label([TORCH])


@pytest.mark.parametrize(
    ("identity", "expected"),
    [
        (TORCH, "2.7.0 2.7 270 27 12.6 12 126"),
        (TORCH._replace(reported="2.11.0a0+git1", cuda="13.0"), "2.11.0 2.11 2110 211 13.0 13 130"),
        (TORCH._replace(reported="3", cuda=None), "3.0.0 3.0 300 30   "),
        (TORCH._replace(reported="1!2.7.1.2", cuda="12"), "2.7.1 2.7 271 27 12 12 12"),
    ],
)
def test_parts_of_versions(identity: Identity, expected: str) -> None:
    """The parts of a version have placeholders, also without points, as labels of wheels have them."""
    names = ("release", "minor", "release-digits", "minor-digits", "cuda", "cuda-major", "cuda-digits")
    assert [expected, "set"] == plan(" ".join(f"{{torch.{name}}}" for name in names), identity)


def test_odd_version() -> None:
    """A runtime whose own version is none has no parts of it."""
    odd = TORCH._replace(reported="main")
    assert ["main 126", "set"] == plan("{torch.version} {torch.cuda-digits}", odd)
    assert [None, "not set: torch.minor-digits not known before the runtime is installed"] == plan(
        "{torch.minor-digits}", odd
    )


def test_abi_is_read_if_asked_for(tmp_path: Path) -> None:
    """The ABI of a torch, which is in a file of its own, is read only for a template that names it."""
    write(tmp_path / "torch/share/cmake/Torch/TorchConfig.cmake", "-D_GLIBCXX_USE_CXX11_ABI=0")
    sites = {"torch": tmp_path}
    assert {"torch.site": str(tmp_path)} == known_values([], sites, ["{torch.version}"])
    assert "FALSE" == known_values([TORCH], sites, ["", "{torch.cxx11-abi}"])["torch.cxx11-abi"]
