"""Reading the ``cuda`` table: lists in torch's syntax, and mistakes with suggestions."""

from __future__ import annotations

from pathlib import Path

import pytest
from standins import write

from runtime_backend.config import Chosen, CudaSettings, load_settings
from runtime_backend.errors import ConfigError

AT = "pyproject.toml: tool.runtime-backend.cuda"
LIST = "'auto', or architectures such as '9.0;8.6+PTX' or ['9.0', '8.6+PTX']"


def settings_of(folder: Path, table: str) -> CudaSettings | None:
    """Return the settings of a producer's table."""
    write(folder / "pyproject.toml", f"[tool.runtime-backend.cuda]\n{table}\n")
    return load_settings(folder, environ={}).cuda


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ('"auto"', "auto"),
        ('"9.0"', "9.0"),
        ('"9.0a;8.6+PTX Hopper 12.0f"', "9.0a;8.6+PTX;Hopper;12.0f"),
        ('["8.0", "9.0+PTX"]', "8.0;9.0+PTX"),
    ],
)
def test_arch_list(written: str, value: str, tmp_path: Path) -> None:
    """A list may be in torch's syntax, or a TOML array."""
    found = settings_of(tmp_path, f"arch-list = {written}")
    assert CudaSettings(arch_list=Chosen(value=value, origin=f"{AT}.arch-list")) == found


def test_all_keys(tmp_path: Path) -> None:
    """Absent keys are None."""
    assert CudaSettings() == settings_of(tmp_path, "")
    found = settings_of(tmp_path, "jobs = 3\njob-memory = 2\ntoolkit = 'match'\ncompiler-cache = 'off'")
    assert found == CudaSettings(
        jobs=Chosen(value=3, origin=f"{AT}.jobs"),
        job_memory=Chosen(value=2.0, origin=f"{AT}.job-memory"),
        toolkit=Chosen(value="match", origin=f"{AT}.toolkit"),
        compiler_cache=Chosen(value="off", origin=f"{AT}.compiler-cache"),
    )
    assert CudaSettings(jobs=Chosen(value=None, origin=f"{AT}.jobs")) == settings_of(tmp_path, 'jobs = "auto"')


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ('arch-list = "sm_90"', "arch-list: found the architecture 'sm_90', expected torch's spelling: '9.0'"),
        ('arch-list = "compute_120a"', "arch-list: found the architecture 'compute_120a', expected torch's spelling: '12.0a'"),
        ("arch-list = ['86']", "arch-list: found the architecture '86', expected torch's spelling: '8.6'"),
        ('arch-list = "9.0,8.6"', "arch-list: found the architecture '9.0,8.6', expected semicolons or spaces as separators: '9.0;8.6'"),
        ("arch-list = 9.0", f"arch-list: found float 9.0, expected {LIST}"),
        ("arch-list = []", f"arch-list: found an array, expected {LIST}"),
        ('arch-list = " ; "', f"arch-list: found the string ' ; ', expected {LIST}"),
        ("jobs = 0", "jobs: found int 0, expected 'auto', or a number above 0"),
        ("jobs = true", "jobs: found true, expected 'auto', or a number above 0"),
        ('job-memory = "4"', "job-memory: found the string '4', expected a number of GB above 0"),
        ("job-memory = -1", "job-memory: found int -1, expected a number of GB above 0"),
        ('toolkit = "nvcc"', "toolkit: found the string 'nvcc', expected one of match, system, wheels"),
        ('compiler-cache = "yes"', "compiler-cache: found the string 'yes', expected one of auto, off, ccache, sccache"),
        ("job = 1", "job: found an unknown key (did you mean 'jobs'?), expected one of arch-list, compiler-cache, job-memory, jobs, toolkit"),
    ],
)  # fmt: skip
def test_mistakes(table: str, problem: str, tmp_path: Path) -> None:
    """A mistake is reported with the right spelling."""
    with pytest.raises(ConfigError) as caught:
        settings_of(tmp_path, table)
    assert (f"{AT}.{problem}",) == caught.value.problems


def test_unknown_name(tmp_path: Path) -> None:
    """Only torch's names of architectures are accepted."""
    with pytest.raises(
        ConfigError,
        match=r"'Hoper', expected one such as '9\.0', '9\.0a', '8\.6\+PTX', for ROCm 'gfx90a', or a name: Kepler",
    ):
        settings_of(tmp_path, 'arch-list = "Hoper"')


def test_consumer_goes_before(tmp_path: Path) -> None:
    """The consumer takes precedence for each key."""
    cuda = 'cuda = { arch-list = "9.0", jobs = 2 }'
    write(tmp_path / "x/pyproject.toml", f'[project]\nname = "x"\n[tool.runtime-backend]\n{cuda}\n')
    write(tmp_path / "pyproject.toml", "[tool.runtime-backend.packages.x.cuda]\njobs = 5\n")
    found = load_settings(tmp_path / "x", start=tmp_path, environ={}).cuda
    assert found is not None
    assert ("9.0", 5) == (found.arch_list and found.arch_list.value, found.jobs and found.jobs.value)
    write(tmp_path / "pyproject.toml", "[tool.runtime-backend.packages.y.cuda]\njobs = 5\n")
    found = load_settings(tmp_path / "x", start=tmp_path, environ={}).cuda
    assert found is not None
    assert 2 == (found.jobs and found.jobs.value)
