"""uv's options and settings: those with a value, and those that name sources."""

from __future__ import annotations

from collections.abc import Mapping

from ..config.selection import normalise_names
from .arguments import Arguments

_VALUED = """
--allow-insecure-host --annotation-style --bounds --branch --build-constraint --build-constraints --cache-dir --cert
--color --config-file --config-setting --config-setting-package --config-settings --config-settings-package
--constraint --constraints --custom-compile-command --default-index --depth --directory --editable --env-file
--exclude --excludes --exclude-newer --exclude-newer-package --extra --extra-index-url --find-links --fork-strategy
--format --from --group --index --index-strategy --index-url --keyring-provider --link-mode --marker --no-binary
--no-binary-package --no-build-isolation-package --no-build-package --no-editable-package --no-emit-package --no-extra
--no-group --no-install-package --no-sources-package --only-binary --only-group --only-install-package --optional
--out-dir --output-file --output-format --override --overrides --package --prefix --prerelease --prerelease-package
--preview-features --project --prune --python --python-fetch --python-platform --python-preference --python-version
--refresh-package --reinstall-package --requirement --requirements --resolution --rev --script --tag --target
--torch-backend --upgrade-group --upgrade-package --with --with-editable --with-executables-from --with-requirements
-C -P -b -c -e -f -i -m -o -p -r -t -w
"""
VALUED_OPTIONS = frozenset(_VALUED.split())
"""Options with a value, in uv 0.5 to 0.13. A flag in this list would swallow the next argument."""

_INHERITED = """
--allow-insecure-host --cache-dir --config-file --default-index --exclude-newer --extra-index-url --find-links --index
--index-strategy --index-url --keyring-provider --native-tls --no-cache --no-config --no-index --offline --system-certs
-f -i -n
"""
INHERITED_OPTIONS = frozenset(_INHERITED.split())
"""Options that name sources, of those that ``uv pip install`` has, too."""


FLAGS = {
    "pip": frozenset[str](),
    "run": frozenset({"--no-binary", "--script", "-m"}),
    "add": frozenset({"--no-binary", "--editable"}),
    "tool": frozenset({"--no-binary", "--editable", "-e"}),
}
"""Command -> options that are flags in it; ``--no-binary`` has a value only in ``uv pip``."""


def has_places(sources: object) -> bool:
    """Return whether ``tool.uv.sources`` has a URL, path or repository, which replaces satisfied distributions."""
    tables = sources.values() if isinstance(sources, dict) else ()
    entries = [entry for table in tables for entry in (table if isinstance(table, list) else [table])]
    return any(not isinstance(entry, dict) or "index" not in entry for entry in entries)


def leaves_out(name: str, arguments: Arguments, environ: Mapping[str, str]) -> bool:
    """Return whether options exclude a distribution of the index that the lock reaches.

    The options ``--only-install-…`` are not in uv's help, but work (uv 0.13).

    :param name: the normalised name.
    """
    without, only = (
        normalise_names(
            [*arguments.values(f"--{what}-package"), *environ.get(_variable(f"{what}-package"), "").split()]
        )
        for what in ("no-install", "only-install")
    )
    flags = [f"only-install-{part}" for part in ("project", "workspace", "local")]
    is_limited = bool(only) or any(arguments.has(f"--{flag}") or is_on(environ.get(_variable(flag))) for flag in flags)
    return name in without or (is_limited and name not in only)


def _variable(option: str) -> str:
    return "UV_" + option.upper().replace("-", "_")


def is_on(text: str | None) -> bool:
    """Return whether the value of a variable turns its option on."""
    return (text or "").lower() in ("1", "true", "yes", "y", "on", "t")
