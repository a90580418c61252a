"""What holds in every test: this machine's own toolkit is not found."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from runtime_backend.cuda import choosing
from runtime_backend.cuda.toolkit import find_toolkit


@pytest.fixture(autouse=True)
def _no_toolkit_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for the usual toolkit where none is; a test that wants one names it."""
    monkeypatch.setattr(choosing, "find_toolkit", partial(find_toolkit, usual=Path("/usr/local/no-cuda")))
