"""The stage: what is made for a call of the real backend."""

from __future__ import annotations

import configparser

import pytest

from runtime_backend.hook.stage import _without_hooks, setuptools_config


@pytest.mark.parametrize(("is_editable", "sections"), [(False, ["build"]), (True, ["build", "build_ext"])])
def test_setuptools_config(is_editable: bool, sections: list[str]) -> None:  # noqa: FBT001 - a table
    """Distutils is told the build folder, and in an editable build to compile always."""
    parser = configparser.RawConfigParser()
    parser.read_string(setuptools_config("torch-2.7.0-ab", is_editable=is_editable))
    assert sections == parser.sections()
    assert parser["build"]["build_base"] == "build/torch-2.7.0-ab"
    assert [("force", "1")] * is_editable == [item for name in sections[1:] for item in parser[name].items()]


def test_without_hooks() -> None:
    """What the frontend says about ourselves is taken away from the real backend, and nothing else."""
    environ = {"_PYPROJECT_HOOKS_BUILD_BACKEND": "x", "PEP517_BACKEND_PATH": "y", "PATH": "/bin", "X_PEP517_": "z"}
    assert {"_PYPROJECT_HOOKS_BUILD_BACKEND": None, "PEP517_BACKEND_PATH": None} == _without_hooks(environ)
