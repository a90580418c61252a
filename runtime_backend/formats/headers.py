"""The fields of core metadata: METADATA, and PKG-INFO.

The standard library's parser of e-mails takes 30 ms to be imported, stops at the first line that is no field, and gives
folded lines with their line ends.
"""

from __future__ import annotations

from typing import NamedTuple


class Headers(NamedTuple):
    """The fields, in their order."""

    fields: tuple[tuple[str, str], ...]
    """Names in lower case, values on one line."""

    def first(self, name: str) -> str | None:
        """Return the value of the first field of a name, in any case; None where there is none."""
        return next(iter(self.every(name)), None)

    def every(self, name: str) -> list[str]:
        """Return the values of all fields of a name, likewise."""
        wanted = name.lower()
        return [value for found, value in self.fields if found == wanted]


def read_headers(text: str) -> Headers:
    r"""Return the fields before the first empty line; a line that is neither a field nor folded is left out.

    :param text: with ``\n`` alone as its line ends (:func:`..system.files.decode`).
    """
    fields: list[tuple[str, list[str]]] = []
    for line in text.partition("\n\n")[0].split("\n"):
        if not line:  # the text begins with one
            break
        if line[0] in " \t":
            if fields:
                fields[-1][1].append(line.strip())
            continue
        name, colon, value = line.partition(":")
        if colon:
            fields.append((name.lower(), [value.strip()]))
    return Headers(tuple((name, " ".join(filter(None, lines))) for name, lines in fields))
