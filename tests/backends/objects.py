"""Real backends that are objects in a module: each fails in its own way."""

from __future__ import annotations

import sys
from typing import Any, NoReturn

from backends.making import make_wheel


class UnsupportedOperation(Exception):  # noqa: N818 - PEP 517 names it
    """What build_sdist may raise."""


class Raising:
    """Needs a runtime to answer anything."""

    @staticmethod
    def get_requires_for_build_wheel(config_settings: Any = None) -> NoReturn:  # noqa: ARG004
        """Fail as setup.py files do that import torch."""
        raise ModuleNotFoundError("No module named 'torch'\nand more")

    @staticmethod
    def build_wheel(*_: object) -> NoReturn:
        """Fail in the compiler."""
        raise RuntimeError("the compiler failed")


class Exiting:
    """Leaves with a text, as setup.py files do."""

    @staticmethod
    def get_requires_for_build_wheel(config_settings: Any = None) -> NoReturn:  # noqa: ARG004
        """Leave."""
        sys.exit("torch is missing")

    @staticmethod
    def build_wheel(*_: object) -> NoReturn:
        """Leave."""
        sys.exit("no CUDA here")


class Leaving:
    """Leaves as if all were well."""

    @staticmethod
    def build_wheel(*_: object) -> NoReturn:
        """Leave."""
        sys.exit(0)


class Coded:
    """Leaves with a code."""

    @staticmethod
    def build_wheel(*_: object) -> NoReturn:
        """Leave."""
        sys.exit(3)


class Unsupporting:
    """Makes no sdist."""

    UnsupportedOperation = UnsupportedOperation

    @staticmethod
    def build_wheel(wheel_directory: str, *_: object) -> str:
        """Make a wheel."""
        return make_wheel(wheel_directory)

    @staticmethod
    def build_sdist(*_: object) -> NoReturn:
        """Refuse."""
        raise UnsupportedOperation("no sdist")


class Empty:
    """Has no hook at all."""


class Holder:
    """Holds a backend."""

    inner = Unsupporting()


raising, exiting, leaving, coded, unsupporting, empty, holder = (
    Raising(),
    Exiting(),
    Leaving(),
    Coded(),
    Unsupporting(),
    Empty(),
    Holder(),
)
