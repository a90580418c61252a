"""Finding the errors in a build's output: frontends show its last hundred lines, but the first error is far above."""

from __future__ import annotations

import re

KEPT, LONGEST = 5, 300
"""The most lines that are kept, and the most characters of each."""

_HELD = 1 << 16
"""The most bytes of an incomplete line: a longer line is not a message."""
_INDENTED = 2
"""The number of lines of CMake's text that are kept, below the line with the place."""

_CONTROL = re.compile(rb"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|[\x00-\x08\x0b-\x1f\x7f]")
"""Colours and other escape sequences for a terminal."""

_ERROR = re.compile(
    rb"\b(?:fatal )?error: "  # gcc, clang, nvcc, gfortran's driver, lld, mold, rustc, autoconf
    rb"|\berror\[E\d+\]: "  # rustc
    rb"|\b(?:fatal )?error (?:C|LNK|D|MSB|RC|CVT|U)\d+ *: "  # MSVC: 'error C2065: ', 'fatal error LNK1181: '
    rb"|\b(?:nvcc|ptxas|nvlink|cudafe\+\+|fatbinary) +(?:fatal|error) *: "
    rb"|: undefined reference to |\bundefined symbol: |^Undefined symbols for architecture "
    rb"|: multiple definition of |\bld(?:\.\w+)?: (?:cannot find|library .*not found|symbol\(s\) not found)"
    rb"|: relocation .* recompile with -fPIC"
    rb"|^CMake Error\b"
    rb"|(?:^|:\d+: |:\d+:\d+: )(?:Error|ERROR|Fatal Error): "  # as, gfortran, meson
    rb"|^\S*sh: .*not found$"
)
_CONSEQUENCE = re.compile(
    rb"\b(?:collect2|clang(?:\+\+)?|g\+\+|gcc|cc|c\+\+): error: (?:ld|linker) "
    rb"|^error: (?:[Cc]ommand |subprocess-exited-with-error|metadata-generation-failed|legacy-install-failure)"
)
"""Messages of a tool about the failure of another tool that it ran."""
_FAILED = re.compile(rb"^FAILED: |^(?:g?make|ninja)(?:\[\d+\])?: (?:\*\*\* |build stopped|fatal)")
_TRACEBACK = re.compile(rb"^( *)Traceback \(most recent call last\):$")


class Diagnostics:
    """Collects the first errors from pieces of a build's output, in bounded memory."""

    def __init__(self) -> None:
        self._rest = b""
        self._errors: list[str] = []
        self._failed: list[str] = []
        self._raised: str | None = None
        self._margin: bytes | None = None
        self._below = 0

    def feed(self, data: bytes) -> None:
        """Add a piece of the output."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._take(line)
        if len(self._rest) > _HELD:
            self._take(self._rest)
            self._rest = b""

    def lines(self) -> list[str]:
        """Return the first errors, and the exception that ended the build; without errors, the messages of ninja or
        make.
        """
        self._take(self._rest)
        self._rest = b""
        first = self._errors or self._failed
        return [*first, *([] if self._raised is None or self._raised in first else [self._raised])]

    def _take(self, raw: bytes) -> None:
        line = _CONTROL.sub(b"", raw[:_HELD]).rstrip()
        below, self._below = self._below, 0
        if self._margin is not None:
            self._follow_traceback(line)
        elif below and line.startswith(b" "):
            self._errors.append(_shown(line))
            self._below = below - 1
        elif found := _TRACEBACK.match(line):
            self._margin = found[1]
        elif _CONSEQUENCE.search(line) or _FAILED.search(line):
            _add(self._failed, line)
        elif _ERROR.search(line) and _add(self._errors, line) and line.startswith(b"CMake Error"):
            self._below = _INDENTED

    def _follow_traceback(self, line: bytes) -> None:
        """Find the line that names the exception: the first one with no more indentation than the traceback's head."""
        margin = self._margin or b""
        own = line.removeprefix(margin)
        if own and not own.startswith(b" "):
            self._raised, self._margin = _shown(line), None


def _add(lines: list[str], line: bytes) -> bool:
    text = _shown(line)
    is_new = len(lines) < KEPT and text not in lines
    if is_new:
        lines.append(text)
    return is_new


def _shown(line: bytes) -> str:
    text = line.decode("utf-8", errors="replace").strip()
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 4]} ..."
