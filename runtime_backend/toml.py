"""The one door to a TOML parser: tomllib, or tomli below Python 3.11."""

from __future__ import annotations

import sys

if sys.version_info >= (3, 11):  # pragma: no cover - one of the two, by the version
    from tomllib import TOMLDecodeError, loads
else:  # pragma: no cover - Python 3.10 alone comes here
    from tomli import TOMLDecodeError, loads

__all__ = ["TOMLDecodeError", "loads"]
