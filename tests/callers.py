"""Makers of callers as each frontend makes them: facts on frontends, section 2, a method for each of its rows.

In every scene four different torches lie about, so that an answer tells the place that it came from:

========  ==========================================
2.7.0     installed in ``target``, a virtual environment
2.8.0     pinned by ``consumer/uv.lock``
1.5.0     installed in ``consumer/.venv``, out of date
1.0.0     installed in ``other``, which may be activated
========  ==========================================
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from standins import make_torch, make_venv, write

from runtime_backend.frontend.caller import Caller
from runtime_backend.frontend.environments import EnvironmentReader
from runtime_backend.frontend.processes import Process
from runtime_backend.system.trust import EVERYBODY

PYTHON = "3.11"
TARGET, LOCKED, STALE, OTHER = "2.7.0", "2.8.0", "1.5.0", "1.0.0"

SHELL = Process(argv=("-bash",), cwd=Path("/"), environ={"HOME": "/home/jo"})


def make_caller(  # noqa: PLR0913 - a caller has many sides
    prefix: Path,
    *,
    cwd: Path,
    environ: Mapping[str, str] | None = None,
    sys_path: Sequence[Path] = (),
    ancestors: Sequence[Process] = (),
    is_hook: bool = True,
) -> Caller:
    """Return a caller; the person has no user site."""
    return Caller(
        environ=dict(environ or {}),
        cwd=cwd,
        executable=prefix / "bin/python",
        prefix=prefix,
        sys_path=tuple(map(str, sys_path)),
        reader=EnvironmentReader(python=PYTHON, user_base=cwd / "no-user-base"),
        list_ancestors=lambda: ancestors,
        trust=EVERYBODY,
        is_hook=is_hook,
    )


def lock_text(version: str, *, name: str = "torch") -> str:
    """Return a uv.lock of a project that depends on one runtime, with a wheel that fits every platform."""
    url = f"https://example.org/{name}-{version.replace('+', '%2B')}-py3-none-any.whl"
    return (
        'version = 1\nrevision = 3\nrequires-python = ">=3.10"\n\n'
        '[[package]]\nname = "consumer"\nversion = "0"\nsource = { virtual = "." }\n'
        f'dependencies = [{{ name = "{name}" }}]\n\n'
        f'[[package]]\nname = "{name}"\nversion = "{version}"\n'
        'source = { registry = "https://example.org/simple" }\n'
        f'wheels = [{{ url = "{url}", hash = "sha256:{"ab" * 32}" }}]\n'
    )


def make_conda(path: Path, python: str = PYTHON) -> Path:
    """Make a conda environment, which has no pyvenv.cfg; return its site-packages."""
    write(path / "bin/python", "a stand-in: nothing may run it\n")
    site = path / f"lib/python{python}/site-packages"
    site.mkdir(parents=True)
    return site


class Scene:
    """A machine, and a person with a shell.

    :param procfs: whether this system tells of other processes.
    """

    def __init__(self, root: Path, *, procfs: bool = True) -> None:
        self.root = root
        self.procfs = procfs
        self.target, self.other = root / "target", root / "other"
        self.tmp = root / "tmp"
        self.consumer, self.source, self.elsewhere = root / "consumer", root / "source", root / "elsewhere"
        make_torch(make_venv(self.target), TARGET)
        make_torch(make_venv(self.other), OTHER)
        make_torch(make_venv(self.consumer / ".venv"), STALE)
        write(self.consumer / "pyproject.toml", '[project]\nname = "consumer"\nversion = "0"\n')
        write(self.consumer / "uv.lock", lock_text(LOCKED))
        write(self.source / "pyproject.toml", '[build-system]\nbuild-backend = "runtime_backend.build"\n')
        (self.consumer / "sub/folder").mkdir(parents=True)
        self.elsewhere.mkdir()

    def site(self, prefix: Path) -> Path:
        """Return an environment's site-packages."""
        return prefix / f"lib/python{PYTHON}/site-packages"

    def shell(self, pwd: Path, activated: Path | None = None, **more: str) -> dict[str, str]:
        """Return the person's variables."""
        environ = {"HOME": "/home/jo", "PWD": str(pwd), "PATH": "/usr/bin:/bin", "TMPDIR": str(self.tmp), **more}
        if activated is not None:
            environ |= {"VIRTUAL_ENV": str(activated), "PATH": f"{activated}/bin:{environ['PATH']}"}
        return environ

    def caller(
        self, prefix: Path, environ: Mapping[str, str], sys_path: Sequence[Path], ancestors: Sequence[Process]
    ) -> Caller:
        """Return a caller that builds the source tree."""
        seen = [*ancestors, SHELL] if self.procfs else []
        return make_caller(prefix, cwd=self.source, environ=environ, sys_path=sys_path, ancestors=seen)

    def pip(
        self, shell: Mapping[str, str], *words: str, prefix: Path | None = None, argv: Sequence[str] = ()
    ) -> Caller:
        """Return the caller under pip, which hides the distributions of the interpreter that it runs in."""
        prefix, overlay = prefix or self.target, self.root / "tmp/pip-build-env-abcd1234/overlay"
        environ = {
            **shell,
            "PIP_BUILD_TRACKER": "/tmp/pip-build-tracker-x",  # noqa: S108 - a name
            "PYTHONPATH": str(self.root / "tmp/pip-build-env-abcd1234/site"),
            "PYTHONNOUSERSITE": "1",
        }
        argv = argv or (f"{prefix}/bin/python", f"{prefix}/bin/pip", "install", *words, str(self.source))
        pip = Process(argv=tuple(argv), cwd=Path(shell["PWD"]), environ=shell)
        return self.caller(prefix, environ, [self.site(overlay)], [pip])

    def pip_venv_isolation(self, shell: Mapping[str, str], *, command: bool = True) -> Caller:
        """Return the caller under pip 26.3 with ``--use-feature=venv-isolation``."""
        prefix, python = self.root / "tmp/pip-build-env-abcd1234/venv", f"{self.target}/bin/python"
        site = make_venv(prefix, command=f"{python} -m venv --without-pip {prefix}" if command else "")
        environ = {**shell, "PIP_BUILD_TRACKER": "/tmp/pip-build-tracker-x"}  # noqa: S108 - a name
        pip = Process(argv=(python, "-m", "pip", "install", "."), cwd=Path(shell["PWD"]), environ=shell)
        return self.caller(prefix, environ, [site], [pip])

    def uv(self, shell: Mapping[str, str], *words: str, cwd: Path | None = None) -> Caller:
        """Return the caller under uv, whose build environment is the activated one in here.

        :param cwd: uv's folder, where it is not the shell's.
        """
        prefix = self.root / "cache/uv/builds-v0/.tmpAbC"
        site = make_venv(prefix)
        write(prefix / "pyvenv.cfg", f"home = {self.root}/python/bin\nuv = 0.13.9\nversion_info = 3.11.7\n")
        environ = {
            **shell,
            "UV": "/usr/bin/uv",
            "VIRTUAL_ENV": str(prefix),
            "PATH": f"{prefix}/bin:{shell['PATH']}",
        }
        uv = Process(argv=("uv", *words), cwd=cwd or Path(shell["PWD"]), environ=shell)
        return self.caller(prefix, environ, [site], [uv])

    def build(self, shell: Mapping[str, str], *, by: Path | None = None, maker: str = "venv") -> Caller:
        """Return the caller under build.

        :param by: the environment that build is installed in.
        """
        prefix, python = self.root / "tmp/build-env-abcd1234", f"{by or self.root / 'tools'}/bin/python"
        site = make_venv(prefix, command=f"{python} -m {maker} {prefix}")
        build = Process(argv=(python, "-m", "build"), cwd=Path(shell["PWD"]), environ=shell)
        return self.caller(prefix, {**shell, "PYTHONPATH": ""}, [site], [build])

    def hatch_build(self, shell: Mapping[str, str], *, built_for: str | None = None) -> Caller:
        """Return the caller under ``hatch build``.

        :param built_for: the torch that the last build left in the environment, which is kept.
        """
        prefix = self.root / "hatch/env/virtual/pkg/hatch-build"
        site = make_venv(prefix)
        if built_for is not None:
            make_torch(site, built_for)
        environ = {**shell, "VIRTUAL_ENV": str(prefix), "HATCH_ENV_ACTIVE": "hatch-build"}
        environ["PATH"] = f"{prefix}/bin:{shell['PATH']}"
        inner = Process(argv=(f"{prefix}/bin/python", "-u", "hook.py"), cwd=self.source, environ=environ)
        hatch = Process(argv=("/tools/bin/python", "/tools/bin/hatch", "build"), cwd=self.source, environ=shell)
        return self.caller(prefix, environ, [site], [inner, inner, hatch])

    def tox_packaging(self, shell: Mapping[str, str], *, built_for: str | None = None) -> Caller:
        """Return the caller in tox's packaging environment, which is kept; tox passes few variables on."""
        prefix = self.source / ".tox/.pkg"
        site = make_venv(prefix)
        if built_for is not None:
            make_torch(site, built_for)
        environ = {"PATH": shell["PATH"], "VIRTUAL_ENV": str(prefix), "TOX_ENV_NAME": ".pkg"}
        tox = Process(argv=("/tools/bin/python", "-m", "tox"), cwd=Path(shell["PWD"]), environ=shell)
        caller = self.caller(prefix, environ, [site], [tox])
        return caller._replace(argv=("/tools/lib/pyproject_api/_backend.py", "True", "runtime_backend.build"))

    def poetry(self, shell: Mapping[str, str]) -> Caller:
        """Return the caller under poetry, which leaves no mark."""
        prefix = self.root / "tmp/tmpa1b2c3d4/.venv"
        poetry = Process(argv=("/tools/bin/python", "/tools/bin/poetry", "install"), cwd=self.elsewhere, environ=shell)
        return self.caller(prefix, shell, [make_venv(prefix)], [poetry])

    def not_isolated(self, shell: Mapping[str, str], argv: Sequence[str], prefix: Path | None = None) -> Caller:
        """Return the caller of a build without isolation."""
        prefix = prefix or self.target
        frontend = Process(argv=tuple(argv), cwd=Path(shell["PWD"]), environ=shell)
        return self.caller(prefix, shell, [self.site(prefix)], [frontend])
