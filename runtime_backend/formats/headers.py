"""The fields of core metadata: METADATA and PKG-INFO.

The standard library's e-mail parser takes 30 ms to import, stops at the first line that is not a field, and returns
folded lines with their line ends.
"""

from __future__ import annotations

from typing import NamedTuple


class Headers(NamedTuple):
    """Fields in their order."""

    fields: tuple[tuple[str, str], ...]
    """Names in lower case, values on one line."""

    def first(self, name: str) -> str | None:
        """Return the value of the first field with a name; None if there is none. Case does not matter."""
        return next(iter(self.every(name)), None)

    def every(self, name: str) -> list[str]:
        """Return the values of all fields with a name. Case does not matter."""
        wanted = name.lower()
        return [value for found, value in self.fields if found == wanted]


def read_headers(text: str) -> Headers:
    r"""Return the fields before the first empty line, ignoring lines that are neither a field nor folded.

    :param text: has ``\n`` as its only line ends (:func:`..system.files.decode`).
    """
    fields: list[tuple[str, list[str]]] = []
    for line in text.partition("\n\n")[0].split("\n"):
        if not line:  # the text begins with an empty line
            break
        if line[0] in " \t":
            if fields:
                fields[-1][1].append(line.strip())
            continue
        name, colon, value = line.partition(":")
        if colon:
            fields.append((name.lower(), [value.strip()]))
    return Headers(tuple((name, " ".join(filter(None, lines))) for name, lines in fields))
