"""The stage: the files and variables for a call of the real backend."""

from __future__ import annotations

import configparser

import pytest

from runtime_backend.hook.distutils_config import config_text
from runtime_backend.hook.stage import _without_hooks


@pytest.mark.parametrize(("is_editable", "sections"), [(False, ["build"]), (True, ["build", "build_ext"])])
def test_setuptools_config(is_editable: bool, sections: list[str]) -> None:  # noqa: FBT001 - a table
    """The distutils configuration has the build folder, and ``force`` for an editable build."""
    parser = configparser.RawConfigParser()
    parser.read_string(config_text("torch-2.7.0-ab", is_editable=is_editable))
    assert sections == parser.sections()
    assert parser["build"]["build_base"] == "build/torch-2.7.0-ab"
    assert [("force", "1")] * is_editable == [item for name in sections[1:] for item in parser[name].items()]


def test_without_hooks() -> None:
    """Only the frontend's variables about this backend are removed for the real backend."""
    environ = {"_PYPROJECT_HOOKS_BUILD_BACKEND": "x", "PEP517_BACKEND_PATH": "y", "PATH": "/bin", "X_PEP517_": "z"}
    assert {"_PYPROJECT_HOOKS_BUILD_BACKEND": None, "PEP517_BACKEND_PATH": None} == _without_hooks(environ)
