"""Packing a git repository at one commit, with its history, tags and submodules, as an archive."""

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
"""Variables that git sets for its hooks (``git rev-parse --local-env-vars``): with them, our checkout would write the
index of the repository that runs the hook. GIT_CONFIG_COUNT is kept: people use it for credentials and proxies.
"""


def pack_checkout(upstream: Upstream, archive: Path, environ: Mapping[str, str], say: Callable[[str], None]) -> None:
    """Check a repository out, and pack it with its ``.git``: build scripts read the commit and its tags.

    :param say: prints the progress at intervals.
    :raises SourceError: if there is no such repository or commit.
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
    """Make git treat a checkout's files as unchanged: setuptools-scm adds the date to versions of changed trees."""
    git = Git(tree, environ)
    names = [name for name in git.run("ls-files", "--modified", "-z").split("\0") if name]
    if names:
        git.run("update-index", "--assume-unchanged", "--", *names)


def find_commit(url: str, revision: str, environ: Mapping[str, str]) -> str | None:
    """Return the commit of a branch or tag in a repository; None if it has neither.

    :raises SourceError: if there is no such repository.
    """
    found = {}
    url, environ = split_access(url, environ)
    with tempfile.TemporaryDirectory() as anywhere:
        listed = Git(Path(anywhere), environ).run("ls-remote", "--", url, revision, f"{revision}^{{}}")
    for line in listed.splitlines():
        commit, _, name = line.partition("\t")
        found[name] = commit
    # An annotated tag is a separate object; ^{} marks the commit that it refers to.
    names = [f"refs/tags/{revision}^{{}}", f"refs/tags/{revision}", f"refs/heads/{revision}", revision]
    return next((found[name] for name in names if name in found), None)


def without_repository(environ: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which git finds the repository by the working directory only."""
    return {name: value for name, value in environ.items() if name not in _OF_A_REPOSITORY}


class Git:
    """Runs git in one folder."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self._folder = folder
        self._environ = {
            **without_repository(environ),
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_CEILING_DIRECTORIES": str(folder.parent),
        }

    def run(self, *words: str) -> str:
        """Run git, and return its output.

        :raises SourceError: if git fails; contains the last lines of its error output.
        """
        done = self._start(words)
        if done.returncode != 0:
            output = "\n".join(f"  {line}" for line in done.stderr.strip().splitlines()[-5:])
            hint = way_out(OSError(errno.ENOSPC, "")) if "No space left on device" in done.stderr else None
            raise SourceError(
                "git-failed",
                "git {words} ended with code {returncode}:\n{output}",
                hint=None if hint is None else "{way_out}",
                words=" ".join(words),
                returncode=done.returncode,
                output=output,
                way_out=hint,
            )
        return done.stdout

    def succeeds(self, *words: str) -> bool:
        """Run git, and return whether it succeeded."""
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
            raise SourceError(
                "no-git", "found no git on PATH", hint="Install git, then run the same command again."
            ) from None


def _check_out(upstream: Upstream, tree: Path, environ: Mapping[str, str]) -> None:
    git = Git(tree, environ)
    git.run("init", "--quiet")
    git.run("remote", "add", "--", "origin", without_secrets(upstream.where))
    _fetch(git, upstream)
    git.run("checkout", "--quiet", "--detach", str(upstream.rev))


def _fetch(git: Git, upstream: Upstream) -> None:
    """Fetch the commit and its history; if the server serves only branches and tags, fetch all of those.

    git fetches the tags in a history only if the fetched commit gets a local name. The source may itself be a shallow
    clone (``--update-shallow``). A partial clone (``--filter``) would be smaller, but it contacts the server later,
    during a build, and forever if the source lacks a part of the history (git 2.39).
    """
    fetch = ("fetch", "--quiet", "--update-shallow")
    if git.succeeds(*fetch, "origin", f"+{upstream.rev}:refs/runtime-backend/source"):
        return
    git.run(*fetch, "--tags", "origin", "+refs/heads/*:refs/remotes/origin/*")
    if not git.succeeds("cat-file", "-e", f"{upstream.rev}^{{commit}}"):
        raise SourceError(
            "no-such-revision",
            "{where}: found no commit {rev} ({origin}.rev)",
            hint="Name a commit that is on a branch or has a tag: runtime-backend wrap git+URL@TAG",
            where=upstream.where,
            rev=upstream.rev,
            origin=upstream.origin,
        )


def _fetch_submodules(git: Git, tree: Path) -> None:
    """Fetch only the commits of the submodules; if that fails, remove the partial result and fetch everything."""
    if git.succeeds("submodule", "update", "--quiet", "--init", "--recursive", "--depth=1"):
        return
    git.run("submodule", "deinit", "--quiet", "--force", "--all")
    shutil.rmtree(tree / ".git" / "modules", ignore_errors=True)
    git.run("submodule", "update", "--init", "--recursive")


def _size(folder: Path) -> int:
    """Return the size of a folder's files in bytes, while git writes them."""
    total = 0
    for inside, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):  # git renames finished files
                total += os.lstat(os.path.join(inside, name)).st_size  # noqa: PTH118 - os.walk gives strings
    return total


def _label(upstream: Upstream) -> str:
    address = without_secrets(upstream.where)
    return os.path.basename(address.rstrip("/")).removesuffix(".git") or "source"  # noqa: PTH119 - a URL
