"""Taking the wheel that the authors of a package have built for the decided runtime."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from packaging.utils import canonicalize_name
from packaging.version import Version

from ..archives.stamp_file import FILE_NAME, stamp_text
from ..archives.wheel import count_compiled, put_into_dist_info, read_from_dist_info, with_version
from ..config import fill_template
from ..config.settings import Settings
from ..config.store import Prebuilt
from ..errors import BackendError, NoAnswer, RuntimeBackendError
from ..formats.headers import read_headers
from ..formats.parsing import parse_requirement, parse_version, parse_wheel_name
from ..frontend.caller import Caller
from ..index.downloads import download
from ..index.wanted import IndexFile
from ..installed.distributions import locate_imports
from ..metadata.prepared import Prepared
from ..plan import Plan
from ..plan.stamp import make_stamp
from ..plan.variables import known_values
from ..store.atomic import unfinished
from ..system.files import decode, file_digest
from ..system.platforms import Platform
from ..system.printable import without_secrets
from ..wheel_store.prebuilt import check_symbols, choose_prebuilt


class Fetched(NamedTuple):
    """A prebuilt wheel that fits."""

    file: IndexFile
    name: str
    """The file name of the wheel that the frontend gets, with the version that it knows."""

    @property
    def url(self) -> str:
        """Where it is from, without credentials."""
        return without_secrets(self.file.url)


def find_prebuilt(plan: Plan, prebuilt: Prebuilt, prepared: Prepared | None, environ: Mapping[str, str]) -> Fetched:
    """Return the authors' wheel whose version and label are those of this build.

    :param prepared: the metadata that the frontend got before.
    :raises NoAnswer: if there is none.
    """
    if plan.settings.upstream is not None and plan.settings.upstream.patches:
        raise NoAnswer("no prebuilt wheel is looked for: the source has patches")
    name, version = _package(plan.settings, prepared)
    label = _fill_label(plan, prebuilt)
    wanted = parse_version(f"{version.public}+{label}")
    if wanted is None:
        raise NoAnswer(f"the label {label!r} of prebuilt wheels is no local version (PEP 440)")
    file = choose_prebuilt(prebuilt.url, name, wanted, Platform(), environ)
    if file is None:
        raise NoAnswer(f"{prebuilt.url} has no {name} {wanted} for this interpreter")
    parts = file.name.split("-")
    return Fetched(file=file, name="-".join([parts[0], version.public, *parts[2:]]))


def _package(settings: Settings, prepared: Prepared | None) -> tuple[str, Version]:
    """Return the normalised name and the version of the package, as far as they are known before a build.

    :raises NoAnswer: if they are not.
    """
    headers = None if prepared is None else read_headers(decode(prepared.metadata))
    upstream = settings.upstream
    pinned = parse_requirement(upstream.where) if upstream is not None and upstream.kind == "sdist" else None
    if headers is not None:
        name, text = headers.first("Name"), headers.first("Version")
    elif pinned is not None:
        name, text = pinned.name, next((pin.version for pin in pinned.specifier), None)
    else:
        name, text = settings.project.get("name"), settings.project.get("version")
    version = parse_version(text) if isinstance(text, str) else None
    if not isinstance(name, str) or version is None:
        raise NoAnswer("no prebuilt wheel is looked for: the version of the package is known only after a build")
    if version.local is not None:  # the authors have built the version without it
        raise NoAnswer(f"no prebuilt wheel is looked for: the version {version} of the package has a label of its own")
    return canonicalize_name(name), version


def _fill_label(plan: Plan, prebuilt: Prebuilt) -> str:
    sites = {
        runtime.outcome.rule.name: runtime.seen_distribution.site
        for runtime in plan.runtimes
        if runtime.seen_distribution is not None
    }
    try:
        return fill_template(prebuilt.label, known_values(plan.identities, sites, [prebuilt.label]))
    except KeyError:
        raise NoAnswer(f"the label {prebuilt.label!r} has a placeholder without a value for this runtime") from None


def fetch_prebuilt(plan: Plan, fetched: Fetched, to: Path, caller: Caller, say: Callable[[str], None]) -> None:
    """Write the wheel to a path, without its label, checked and stamped.

    :raises NoAnswer: if it cannot be fetched, or is not right.
    """
    with unfinished(to) as new:
        download(fetched.file.url, new, caller.environ, say)
        found = file_digest(new)
        if found != fetched.file.sha256:
            raise NoAnswer(f"{fetched.file.name}: found sha256 {found}, expected {fetched.file.sha256} from the index")
        try:
            _finish(plan, fetched, new, to)
        except BackendError:
            raise NoAnswer(f"{fetched.file.name} is not taken: it is not a wheel, or it is damaged") from None
        except RuntimeBackendError as error:  # of the system: the disk is full
            raise NoAnswer(f"{fetched.file.name} is not taken: {error.message}") from None


def _check_version(fetched: Fetched, metadata: bytes) -> str:
    """Return the version in a wheel's metadata: the one in the name of its file, or the same without the label.

    :raises NoAnswer: if it is another one, or that of another package.
    """
    headers = read_headers(decode(metadata))
    name, text = headers.first("Name"), headers.first("Version")
    expected = [parse_wheel_name(file) for file in (fetched.name, fetched.file.name)]
    if name is None or text is None or (canonicalize_name(name), parse_version(text)) not in expected:
        package = " ".join(str(part) for part in expected[0] or ())
        found = f"{name or 'no name'} {text or 'no version'}"
        raise NoAnswer(f"{fetched.file.name} is not taken: its metadata are of {found}, expected {package}")
    return text


def _finish(plan: Plan, fetched: Fetched, new: Path, to: Path) -> None:
    version = fetched.name.split("-")[1]
    if _check_version(fetched, read_from_dist_info(new, "METADATA") or b"") == version:
        new.replace(to)
    else:
        with_version(new, version, to)
    if read_from_dist_info(to, FILE_NAME) is not None:  # it is compared with the runtime as any stored wheel
        return
    torch = plan.torch
    seen = None if torch is None else torch.seen_distribution
    place = None if seen is None else locate_imports(seen, ()).get("torch")
    if place is None:
        raise NoAnswer(f"{fetched.file.name} is not taken: it has no stamp, and there is no torch to check it against")
    check_symbols(to, place, fetched.file.name)
    stamp = make_stamp(plan, real_version=None, revision=None, compiled=count_compiled(to))
    put_into_dist_info(to, {FILE_NAME: stamp_text(stamp.as_json())})
