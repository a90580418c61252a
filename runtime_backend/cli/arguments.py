"""Parsing the command line. Errors suggest the nearest valid word."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .terminal import complain, out

PICTURES = (".png", ".svg", ".pdf")
"""The file name endings of pictures, each a format that matplotlib writes."""


class _Formatter(argparse.HelpFormatter):
    """Fills paragraphs to the terminal's width; a paragraph with indented lines, such as a list, stays as it is."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        fill, paragraphs = super()._fill_text, text.split("\n\n")
        return "\n\n".join(
            paragraph if "\n  " in f"\n{paragraph}" else fill(paragraph, width, indent) for paragraph in paragraphs
        )


class Parser(argparse.ArgumentParser):
    """A parser that suggests the nearest command, option or value for an unknown one."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - argparse's own
        super().__init__(**{"formatter_class": _Formatter, **options})
        self.color = False  # Python 3.14 would add control characters, which our output makes visible

    def show_examples(self, *commands: str, ending: str) -> None:
        """Let the help end with examples, and with one more paragraph."""
        lines = "\n".join(f"  {command}" for command in commands)
        self.epilog = f"{'examples' if len(commands) > 1 else 'example'}:\n{lines}\n\n{ending}"

    def parse(self, words: Sequence[str]) -> argparse.Namespace:
        """Parse the words; wrong usage ends the process with code 2.

        Each command sets ``parser`` to its own parser, whose options are suggested.
        """
        options, left = self.parse_known_args(words)
        if left:
            parser: Parser = options.parser
            parser.error(", ".join(parser.describe_unknown(word) for word in left))
        return options

    def describe_unknown(self, word: str) -> str:
        """Return the message for a word that is neither a known option nor expected."""
        from ..formats.tables import did_you_mean  # noqa: PLC0415 - only error messages need it

        if not word.startswith("-"):
            return f"found {word!r}, expected nothing there"
        option = word.partition("=")[0]
        return f"found the unknown option {option!r}{did_you_mean(option, [*self._option_string_actions])}"

    def _print_message(self, message: str, file: Any = None) -> None:  # noqa: ANN401 - argparse's own signature
        (out if file is sys.stdout else complain)(message.removesuffix("\n"))

    def _check_value(self, action: argparse.Action, value: Any) -> None:  # noqa: ANN401 - argparse's own signature
        from ..formats.tables import did_you_mean, one_of  # noqa: PLC0415 - only error messages need it

        if action.choices is not None and value not in action.choices:
            known = list(action.choices)
            raise argparse.ArgumentError(
                action, f"found {value!r}{did_you_mean(value, known)}, expected {one_of(known)}"
            )


def given(text: str) -> str:
    """Refuse an empty argument, which comes from an unset variable and would mean the working directory."""
    if not text:
        raise argparse.ArgumentTypeError("found an empty word, expected a name")
    return text


def picture(text: str) -> Path:
    """Return the path of a picture; its ending selects the format."""
    if os.path.splitext(text)[1].lower() not in PICTURES:  # noqa: PTH122 - a path drops the slash at its end
        raise argparse.ArgumentTypeError(f"found {text!r}, expected a name ending in {' or '.join(PICTURES)}")
    return Path(text)
