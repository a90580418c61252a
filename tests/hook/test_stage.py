"""The stage: the files and variables for a call of the real backend."""

from __future__ import annotations

from runtime_backend.hook.stage import _without_hooks


def test_without_hooks() -> None:
    """Only the frontend's variables about this backend are removed for the real backend."""
    environ = {"_PYPROJECT_HOOKS_BUILD_BACKEND": "x", "PEP517_BACKEND_PATH": "y", "PATH": "/bin", "X_PEP517_": "z"}
    assert {"_PYPROJECT_HOOKS_BUILD_BACKEND": None, "PEP517_BACKEND_PATH": None} == _without_hooks(environ)
