"""The kept environments of editables: which of them an installed editable still uses.

The guard of an editable writes its own path into the environment when it is imported (``users/``). The environment is
in use if one of these guards still exists and still names it: a new installation of the editable writes a new guard.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from ...editable.environment import RECORD, USERS
from ...formats.jsontext import parse_json
from ...store.holding import LONGEST
from ...system.files import is_file, is_folder, list_names, read_text


def list_environments(folder: Path) -> list[Path]:
    """Return the complete environments in a folder of the cache."""
    found = [folder / name for name in list_names(folder) if not name.startswith(".")]
    return [path for path in found if is_folder(path) and not path.is_symlink()]


def find_sites(environment: Path) -> list[Path]:
    """Return the folders of distributions of an environment: one, unless it is damaged."""
    return sorted(environment.glob("lib/python*/site-packages"))


def find_unused(folder: Path) -> Iterator[Path]:
    """Yield the environments that no installed editable uses, and links that a killed build left.

    An environment is unused if its source folder is gone, or if none of the editables that used it does so now. Without
    any trace of use, it is unused if it is two days old, and there is another one for the same source folder.
    """
    environments = list_environments(folder)
    yield from (folder / name for name in list_names(folder) if (folder / name).is_symlink())
    for path in environments:
        source = find_source(path)
        users = [read_text(path / USERS / name) for name in list_names(path / USERS)]
        if source is None or not is_folder(source):
            yield path
        elif not users:
            if _is_old(path) and any(_stem(other) == _stem(path) and other != path for other in environments):
                yield path
        elif not any(_uses(user, path) for user in users):
            yield path


def find_source(environment: Path) -> Path | None:
    """Return the source folder of an environment; None if its record is damaged."""
    try:
        record = parse_json(read_text(environment / RECORD), is_own=True)
    except ValueError:
        return None
    source = record.get("source") if isinstance(record, dict) else None
    return Path(source) if isinstance(source, str) else None


def _uses(guard: str, environment: Path) -> bool:
    return is_file(Path(guard)) and repr(str(environment)) in read_text(Path(guard))


def _stem(environment: Path) -> str:
    return environment.name.rpartition("-")[0]


def _is_old(environment: Path) -> bool:
    return is_file(environment / RECORD) and time.time() - (environment / RECORD).stat().st_mtime > LONGEST
