"""A git repository at one commit, with its history, its tags and its submodules, as an archive."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from ..config import Upstream
from ..errors import SourceError
from ..store.cache import way_out
from ..system.printable import without_secrets
from ..system.progress import ticking
from .access import split_access

_OF_A_REPOSITORY = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_COMMON_DIR", "GIT_CONFIG", "GIT_CONFIG_PARAMETERS", "GIT_DIR",
    "GIT_GRAFT_FILE", "GIT_IMPLICIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_INTERNAL_SUPER_PREFIX", "GIT_NAMESPACE",
    "GIT_NO_REPLACE_OBJECTS", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX", "GIT_REPLACE_REF_BASE", "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
)  # fmt: skip
"""What git sets for its hooks (``git rev-parse --local-env-vars``): with it a checkout of ours would write the index of
the repository whose commit is being made. GIT_CONFIG_COUNT stays: people hand credentials and proxies over by it."""


def pack_checkout(upstream: Upstream, archive: Path, environ: Mapping[str, str], say: Callable[[str], None]) -> None:
    """Check a repository out, and pack it with its ``.git``: build scripts ask for the commit and its tags.

    :param say: gets a line from time to time.
    :raises SourceError: when there is no such repository or commit.
    """
    with tempfile.TemporaryDirectory(prefix=".git-", dir=archive.parent) as work:
        tree, (_, environ) = Path(work) / "tree", split_access(upstream.where, environ)
        tree.mkdir()
        with ticking(lambda passed: say(f"fetching: {_size(tree) >> 20} MiB so far ({passed})")):
            _check_out(upstream, tree, environ)
            _fetch_submodules(Git(tree, environ), tree)
        with tarfile.open(archive, "w", format=tarfile.PAX_FORMAT) as out:
            out.add(tree, _label(upstream))


def hide_changes(tree: Path, environ: Mapping[str, str]) -> None:
    """Let git take the files of a checkout for unchanged: versions of a changed one hold the day (setuptools-scm)."""
    git = Git(tree, environ)
    names = [name for name in git.run("ls-files", "--modified", "-z").split("\0") if name]
    if names:
        git.run("update-index", "--assume-unchanged", "--", *names)


def find_commit(url: str, revision: str, environ: Mapping[str, str]) -> str | None:
    """Return the commit that a branch or tag of a repository is at; None when it has no such one.

    :raises SourceError: when there is no such repository.
    """
    found = {}
    url, environ = split_access(url, environ)
    with tempfile.TemporaryDirectory() as anywhere:
        listed = Git(Path(anywhere), environ).run("ls-remote", "--", url, revision, f"{revision}^{{}}")
    for line in listed.splitlines():
        commit, _, name = line.partition("\t")
        found[name] = commit
    # An annotated tag is an object of its own; what it is a tag of stands behind ^{}.
    names = [f"refs/tags/{revision}^{{}}", f"refs/tags/{revision}", f"refs/heads/{revision}", revision]
    return next((found[name] for name in names if name in found), None)


def without_repository(environ: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which git finds the repository by the folder alone."""
    return {name: value for name, value in environ.items() if name not in _OF_A_REPOSITORY}


class Git:
    """git in one folder."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self._folder = folder
        self._environ = {
            **without_repository(environ),
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_CEILING_DIRECTORIES": str(folder.parent),
        }

    def run(self, *words: str) -> str:
        """Return what git prints.

        :raises SourceError: with git's own words, when it fails.
        """
        done = self._start(words)
        if done.returncode != 0:
            said = "\n".join(f"  {line}" for line in done.stderr.strip().splitlines()[-5:])
            hint = way_out(OSError(errno.ENOSPC, "")) if "No space left on device" in done.stderr else None
            raise SourceError(f"git {' '.join(words)} ended with code {done.returncode}:\n{said}", hint=hint)
        return done.stdout

    def succeeds(self, *words: str) -> bool:
        """Return whether git succeeds."""
        return self._start(words).returncode == 0

    def _start(self, words: Sequence[str]) -> subprocess.CompletedProcess[str]:
        try:
            return subprocess.run(  # noqa: S603 - git, with words of ours and a URL behind them
                ["git", *words],  # noqa: S607 - the person's own
                cwd=self._folder,
                env=self._environ,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                check=False,
            )
        except FileNotFoundError:
            raise SourceError("git is not on PATH", hint="Install git, then run the same command again.") from None


def _check_out(upstream: Upstream, tree: Path, environ: Mapping[str, str]) -> None:
    git = Git(tree, environ)
    git.run("init", "--quiet")
    git.run("remote", "add", "--", "origin", without_secrets(upstream.where))
    _fetch(git, upstream)
    git.run("checkout", "--quiet", "--detach", str(upstream.rev))


def _fetch(git: Git, upstream: Upstream) -> None:
    """Fetch the commit and its history; if the server gives only branches and tags, all of those.

    git fetches the tags in a history only if what it fetches gets a name here. The source may itself be a clone without
    a whole history (``--update-shallow``). A partial clone (``--filter``) would be smaller, but its git asks the server
    later, in the middle of a build, and for ever where the source lacks a part of the history (git 2.39).
    """
    fetch = ("fetch", "--quiet", "--update-shallow")
    if git.succeeds(*fetch, "origin", f"+{upstream.rev}:refs/runtime-backend/source"):
        return
    git.run(*fetch, "--tags", "origin", "+refs/heads/*:refs/remotes/origin/*")
    if not git.succeeds("cat-file", "-e", f"{upstream.rev}^{{commit}}"):
        raise SourceError(
            f"{upstream.where} has no commit {upstream.rev} ({upstream.origin}.rev)",
            hint="Name a commit that is on a branch or has a tag: runtime-backend wrap git+URL@TAG",
        )


def _fetch_submodules(git: Git, tree: Path) -> None:
    """Fetch the commits of the submodules alone; what was fetched in vain would be in the way of another attempt."""
    if git.succeeds("submodule", "update", "--quiet", "--init", "--recursive", "--depth=1"):
        return
    git.run("submodule", "deinit", "--quiet", "--force", "--all")
    shutil.rmtree(tree / ".git" / "modules", ignore_errors=True)
    git.run("submodule", "update", "--init", "--recursive")


def _size(folder: Path) -> int:
    """Return how many bytes the files of a folder have, while git writes them."""
    total = 0
    for inside, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):  # git renames what it has written
                total += os.lstat(os.path.join(inside, name)).st_size  # noqa: PTH118 - os.walk gives strings
    return total


def _label(upstream: Upstream) -> str:
    address = without_secrets(upstream.where)
    return os.path.basename(address.rstrip("/")).removesuffix(".git") or "source"  # noqa: PTH119 - a URL
