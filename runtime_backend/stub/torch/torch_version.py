"""``torch.torch_version``: the type of ``torch.__version__``, a string that compares as a version."""

from __future__ import annotations

from typing import Any

from packaging.version import InvalidVersion, Version

from . import _notes


class TorchVersion(str):
    """Compares with strings, versions and tuples of numbers."""

    __hash__ = str.__hash__

    def _pair(self, other: Any) -> tuple[Any, Any]:  # noqa: ANN401
        text = ".".join(map(str, other)) if isinstance(other, tuple | list) else str(other)
        try:
            return Version(str(self)), Version(text)
        except InvalidVersion:
            return str(self), text

    def __lt__(self, other: Any) -> bool:  # noqa: ANN401
        mine, theirs = self._pair(other)
        return bool(mine < theirs)

    def __le__(self, other: Any) -> bool:  # noqa: ANN401
        mine, theirs = self._pair(other)
        return bool(mine <= theirs)

    def __gt__(self, other: Any) -> bool:  # noqa: ANN401
        mine, theirs = self._pair(other)
        return bool(mine > theirs)

    def __ge__(self, other: Any) -> bool:  # noqa: ANN401
        mine, theirs = self._pair(other)
        return bool(mine >= theirs)

    def __eq__(self, other: object) -> bool:
        mine, theirs = self._pair(other)
        return bool(mine == theirs)

    def __ne__(self, other: object) -> bool:
        return not self == other


__getattr__ = _notes.absent(__name__)
