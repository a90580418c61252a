"""Taking the wheel that the authors of a package have built, instead of compiling."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from backends import recording
from callers import TARGET, Scene
from elf_files import make_library
from hooks import Said, cached, call_of, make_source
from servers import Server, serving
from stamps import read_stamp
from standins import write

from runtime_backend.archives.stamp_file import FILE_NAME, stamp_text
from runtime_backend.archives.wheel import read_from_dist_info
from runtime_backend.config import Upstream, load_settings
from runtime_backend.config.store import Prebuilt
from runtime_backend.errors import NoAnswer
from runtime_backend.hook.prebuilt import fetch_prebuilt, find_prebuilt
from runtime_backend.metadata.prepared import Prepared
from runtime_backend.plan import Plan
from runtime_backend.plan.planning import make_plan
from runtime_backend.wheel_store.local import LocalStore

WHEEL, LABELLED = "nonsense-1.0-py3-none-any.whl", "nonsense-1.0+torch2.7-py3-none-any.whl"
PROJECT = '\n[project]\nname = "Nonsense"\nversion = "1.0"\n'
NOTE = "note: the wheel store: "
NEEDED = "_ZN3c105ErrorC1Ev"
UNKNOWN = "no prebuilt wheel is looked for: the version of the package is known only after a build"
RIGHT = {"name": "torch", "match": "exact", "version": TARGET, "reported": TARGET, "git-version": "0123abc"}

pytestmark = [pytest.mark.once, pytest.mark.usefixtures("_recorded")]
"""Each builds twice, in other processes."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Return the index of the package's authors."""
    with serving(monkeypatch) as server:
        server.json([], "/simple/nonsense/")
        yield server


@pytest.fixture
def scene(tmp_path: Path, server: Server) -> Scene:
    """Return a scene with a torch that has a library, and a package with prebuilt wheels."""
    scene = Scene(tmp_path)
    make_library(scene.site(scene.target) / "torch/lib/libc10.so", defines=[NEEDED])
    (tmp_path / "dist").mkdir()
    prefer(scene, server)
    return scene


def prefer(scene: Scene, server: Server, label: str = "torch{torch.minor}", project: str = PROJECT) -> None:
    """Write a producer that names the index."""
    table = f'prebuilt = {{ index = "{server.url()}", label = "{label}" }}\n{project}'
    make_source(scene.source, "backends.recording", table)


def make_content(
    folder: Path,
    *,
    wants: str = NEEDED,
    info: str = "nonsense-1.0",
    metadata: str = "Name: nonsense\nVersion: 1.0\n",
    stamp: Mapping[str, Any] | None = None,
) -> bytes:
    """Return a wheel whose compiled file needs a symbol of torch."""
    library = make_library(folder / "made.so", wants=[wants], needs=["libtorch.so"])
    files = {"nonsense/_C.so": library.read_bytes(), f"{info}.dist-info/METADATA": metadata.encode()}
    if stamp is not None:
        files[f"{info}.dist-info/{FILE_NAME}"] = stamp_text({"runtimes": [stamp]})
    files[f"{info}.dist-info/RECORD"] = b""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def publish(server: Server, content: bytes, name: str = LABELLED, **entry: Any) -> None:
    """Serve a wheel, and its page."""
    server.pages["/files/x.whl"] = (200, "application/octet-stream", content)
    hashes = {"sha256": sha256(content).hexdigest()}
    server.json([{"filename": name, "url": server.url("/files/x.whl"), "hashes": hashes, **entry}], "/simple/nonsense/")


def build(scene: Scene, prepared: str | None = None, **environ: str) -> list[str]:
    """Build a wheel, and return the printed lines."""
    said, caller = Said(), scene.pip({**scene.shell(scene.elsewhere), **environ})
    assert WHEEL == call_of("build_wheel", scene, caller, said).build(str(scene.root / "dist"), None, prepared)
    return said.lines


def compiled() -> int:
    """Return how often the real backend has built a wheel."""
    return len(recording.calls())


def stored(scene: Scene) -> LocalStore:
    """Return the store in the cache."""
    return LocalStore(folder=scene.root / "our-cache/store", limit=10**9)


def stamp_of(scene: Scene) -> dict[str, Any]:
    """Return the stamp of the built wheel."""
    stamp = read_stamp(scene.root / "dist" / WHEEL)
    assert stamp is not None
    return stamp


def test_taken(scene: Scene, server: Server) -> None:
    """The authors' wheel for this runtime is taken, checked by its symbols, and stamped; a second build finds it here."""
    content = make_content(scene.root)
    publish(server, content)
    url = server.url("/files/x.whl")
    lines = build(scene)
    (record,) = stored(scene).list_records()
    assert f"fetching {url}" == lines[0]
    assert lines[1:] == [
        f"took {WHEEL} from the wheel store (built by the authors: {url}, {record.made[:10]}), and compiled nothing."
        " To compile it: RUNTIME_BACKEND_PREBUILT=off"
    ]
    stamp = stamp_of(scene)
    assert {"kind": "prebuilt", "url": url, "sha256": record.sha256} == stamp["origin"]
    assert (TARGET, "reuse", 1) == (
        stamp["runtimes"][0]["version"],
        stamp["runtimes"][0]["provision"],
        stamp["compiled-files"],
    )
    asked = len(server.asked)
    assert lines[1:] == build(scene)
    assert (0, asked) == (compiled(), len(server.asked))
    assert 1 == len(build(scene, RUNTIME_BACKEND_STORE="off", RUNTIME_BACKEND_PREBUILT="off")) + compiled()


def test_switched_off(scene: Scene, server: Server) -> None:
    """With RUNTIME_BACKEND_PREBUILT=off, the wheel is compiled, also if one of the authors is stored."""
    publish(server, make_content(scene.root))
    build(scene)
    assert [] == build(scene, RUNTIME_BACKEND_PREBUILT="off")
    assert (1, "compiled") == (compiled(), stamp_of(scene)["origin"]["kind"])
    assert {"compiled", "prebuilt"} == {record.origin for record in stored(scene).list_records()}


def test_label_in_the_metadata(scene: Scene, server: Server) -> None:
    """A label is removed from METADATA, RECORD, and the names of the dist-info and the file."""
    metadata = "Name: nonsense\nVersion: 1.0+torch2.7\n\nVersion: 1.0+torch2.7\n"
    publish(server, make_content(scene.root, info="nonsense-1.0+torch2.7", metadata=metadata))
    build(scene)
    with zipfile.ZipFile(scene.root / "dist" / WHEEL) as archive:
        info = "nonsense-1.0.dist-info"
        names = [f"{info}/{name}" for name in ("METADATA", "RECORD", FILE_NAME)]
        assert sorted(["nonsense/_C.so", *names]) == sorted(archive.namelist())
        assert b"Name: nonsense\nVersion: 1.0\n\nVersion: 1.0+torch2.7\n" == archive.read(f"{info}/METADATA")
        rows = list(csv.reader(io.StringIO(archive.read(f"{info}/RECORD").decode())))
    assert sorted(["nonsense/_C.so", *names]) == sorted(row[0] for row in rows)
    assert 0 == compiled()


def test_own_stamp(scene: Scene, server: Server) -> None:
    """A wheel with a stamp for this runtime is taken without a look at its symbols."""
    publish(server, make_content(scene.root, stamp=RIGHT, wants="_ZN2at7missingEv"))
    build(scene)
    assert (0, "prebuilt") == (compiled(), stamp_of(scene)["origin"]["kind"])


@pytest.mark.parametrize(
    "change", [{"version": "2.8.0", "reported": "2.8.0"}, {"git-version": "x"}, {"cuda": "12.6"}, {"name": "jaxlib"}]
)
def test_stamp_for_another(change: dict[str, str], scene: Scene, server: Server) -> None:
    """A wheel with a stamp for another runtime is compiled, whatever its label says."""
    publish(server, make_content(scene.root, stamp={**RIGHT, **change}))
    lines = build(scene)
    assert f"{NOTE}{WHEEL} was built for another torch than torch {TARGET}" == lines[-1]
    assert (1, "compiled") == (compiled(), stamp_of(scene)["origin"]["kind"])
    assert ["compiled"] == [record.origin for record in stored(scene).list_records()]


def test_stamp_with_a_looser_rule(scene: Scene, server: Server) -> None:
    """A wheel for an older torch, by the rule of its authors, is compiled if the rule here is exact."""
    older = {**RIGHT, "match": "floor", "version": "2.6.0", "reported": "2.6.0"}
    publish(server, make_content(scene.root, stamp=older))
    assert f"{NOTE}{WHEEL} was built for another torch than torch {TARGET}" == build(scene)[-1]
    assert 1 == compiled()


def test_other_metadata(scene: Scene, server: Server) -> None:
    """A wheel whose requirements differ from those that the frontend got is compiled."""
    publish(server, make_content(scene.root, metadata="Name: nonsense\nVersion: 1.0\nRequires-Dist: numpy\n"))
    folder = scene.root / "prepared/nonsense-1.0.dist-info"
    write(folder / "METADATA", "Name: nonsense\nVersion: 1.0\n")
    write(folder / FILE_NAME, json.dumps({"format": 1, "metadata": "stub", "runtimes": []}))
    lines = build_refused(scene, str(folder))
    assert f"{NOTE}{WHEEL} has other metadata than this source: Requires-Dist: numpy: only in the wheel" == lines[-1]
    assert 1 == compiled()


def test_dynamic_version(scene: Scene, server: Server) -> None:
    """The version of a package that computes it is that of the metadata which the frontend got before."""
    prefer(scene, server, project='[project]\nname = "nonsense"\ndynamic = ["version"]\n')
    publish(server, make_content(scene.root))
    folder = scene.root / "prepared/nonsense-1.0.dist-info"
    write(folder / "METADATA", "Name: nonsense\nVersion: 1.0\n")
    write(folder / FILE_NAME, json.dumps({"format": 1, "metadata": "stub", "runtimes": []}))
    assert f"took {WHEEL} from the wheel store (built by the authors: " in build(scene, str(folder))[-1]
    assert 0 == compiled()


def build_refused(scene: Scene, prepared: str) -> list[str]:
    """Build a wheel whose own metadata lack the version, so that it is refused in the end; return the printed lines."""
    said, caller = Said(), scene.pip(scene.shell(scene.elsewhere))
    with pytest.raises(Exception, match="differs from the metadata"):
        call_of("build_wheel", scene, caller, said).build(str(scene.root / "dist"), None, prepared)
    return said.lines


def test_offline(scene: Scene, server: Server) -> None:
    """An offline build does not ask the index, but takes a wheel that was fetched before."""
    publish(server, make_content(scene.root))
    assert [f"{NOTE}{server.url()} is not asked: this build is offline"] == build(scene, RUNTIME_BACKEND_OFFLINE="1")
    assert (1, []) == (compiled(), server.asked)
    shutil.rmtree(stored(scene).folder)
    build(scene)
    build(scene, RUNTIME_BACKEND_OFFLINE="1")
    assert 1 == compiled()


def refused(scene: Scene) -> str:
    """Build a wheel, which is compiled, and return the note."""
    lines = build(scene)
    assert 1 == compiled()
    assert ["compiled"] == [record.origin for record in stored(scene).list_records()]
    assert not [name for name in stored(scene).folder.iterdir() if name.name.startswith(".new")]
    return lines[-1].removeprefix(NOTE)


def test_no_page(scene: Scene, server: Server) -> None:
    """If the index has no such package, or no such wheel, it is compiled."""
    server.pages.clear()
    assert f"{server.url()} has no nonsense 1.0+torch2.7 for this interpreter" == refused(scene)


def test_no_hash(scene: Scene, server: Server) -> None:
    """A wheel for which the index states no hash is compiled."""
    publish(server, make_content(scene.root), hashes={})
    assert f"{LABELLED} is not taken: the index states no hash for it ({server.url()})" == refused(scene)


def test_wrong_hash(scene: Scene, server: Server) -> None:
    """A wheel with another hash than the index states is compiled."""
    content = make_content(scene.root)
    publish(server, content, hashes={"sha256": "ab" * 32})
    found = sha256(content).hexdigest()
    assert f"{LABELLED}: found sha256 {found}, expected {'ab' * 32} from the index" == refused(scene)


def test_not_served(scene: Scene, server: Server) -> None:
    """A wheel that cannot be fetched is compiled."""
    publish(server, make_content(scene.root))
    del server.pages["/files/x.whl"]
    assert refused(scene).startswith("HTTP 404")


def test_no_wheel(scene: Scene, server: Server) -> None:
    """A file that is no wheel is compiled."""
    publish(server, b"x")
    assert f"{LABELLED} is not taken: it is not a wheel, or it is damaged" == refused(scene)


def test_full_disk(scene: Scene, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wheel that cannot be written is no reason to stop."""
    publish(server, make_content(scene.root, metadata="Name: nonsense\nVersion: 1.0+torch2.7\n"))
    plan, caller = plan_of(scene), scene.pip(scene.shell(scene.elsewhere))
    prebuilt = plan.settings.prebuilt.value
    assert prebuilt is not None
    found = find_prebuilt(plan, prebuilt, None, {})

    def full(*_: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(zipfile.ZipFile, "writestr", full)
    with pytest.raises(NoAnswer, match=r" is not taken: .*No space left"):
        fetch_prebuilt(plan, found, scene.root / WHEEL, caller, lambda _: None)


def test_wrong_symbols(scene: Scene, server: Server) -> None:
    """A wheel without a stamp that needs what this torch does not have is compiled."""
    publish(server, make_content(scene.root, wants="_ZN2at7missingEv"))
    assert (
        f"{LABELLED} is refused, because its label is wrong: nonsense/_C.so needs what this torch does not have:"
        " _ZN2at7missingEv"
    ) == refused(scene)


@pytest.mark.parametrize(
    ("metadata", "found"),
    [
        ("Name: nonsense\nVersion: 1.0+torch2.8\n", "nonsense 1.0+torch2.8"),
        ("Name: nonsense\nVersion: 1.1\n", "nonsense 1.1"),
        ("Name: nonsense\nVersion: 1.1+torch2.7\n", "nonsense 1.1+torch2.7"),
        ("Name: other\nVersion: 1.0\n", "other 1.0"),
        ("Name: nonsense\nVersion: x\n", "nonsense x"),
        ("Name: nonsense\n", "nonsense no version"),
        ("", "no name no version"),
    ],
)
def test_another_version_inside(metadata: str, found: str, scene: Scene, server: Server) -> None:
    """A wheel that is of another package or version than its name says is compiled."""
    publish(server, make_content(scene.root, metadata=metadata))
    assert f"{LABELLED} is not taken: its metadata are of {found}, expected nonsense 1.0" == refused(scene)


def plan_of(scene: Scene, **settings: Any) -> Plan:
    """Return the plan of a build, with other settings."""
    caller = cached(scene, scene.pip(scene.shell(scene.elsewhere)))
    plan = make_plan("build_wheel", load_settings(scene.source, environ=caller.environ), caller, print)
    return plan._replace(settings=plan.settings._replace(**settings))


def find(plan: Plan, prepared: str | None = None) -> str:
    """Return the name of the found wheel for the frontend, or why there is none."""
    earlier = None if prepared is None else Prepared(way="stub", runtimes=(), metadata=prepared.encode())
    prebuilt = plan.settings.prebuilt.value
    assert prebuilt is not None
    try:
        return find_prebuilt(plan, prebuilt, earlier, {}).name
    except NoAnswer as failure:
        return str(failure)


@pytest.mark.parametrize(
    ("project", "prepared", "expected"),
    [
        (PROJECT, None, WHEEL),
        (PROJECT.replace("1.0", "1.0.0"), None, "nonsense-1.0.0-py3-none-any.whl"),
        (PROJECT, "Name: NONSENSE\nVersion: 1.0\n", WHEEL),
        ("", "Name: nonsense\nVersion: 1.0\n", WHEEL),
        (PROJECT, "Name: nonsense\nVersion: 2.0\n", "{url} has no nonsense 2.0+torch2.7 for this interpreter"),
        (PROJECT, "Name: other\nVersion: 1.0\n", "{url} has no other 1.0+torch2.7 for this interpreter"),
        (PROJECT, "Name: nonsense\n", UNKNOWN),
        (PROJECT, "Version: 1.0\n", UNKNOWN),
        (PROJECT, "Name: nonsense\nVersion: x\n", UNKNOWN),
        ("", None, UNKNOWN),
        ('[project]\nname = "nonsense"\ndynamic = ["version"]\n', None, UNKNOWN),
        ('[project]\nversion = "1.0"\n', None, UNKNOWN),
        ('[project]\nname = "nonsense"\nversion = 1.0\n', None, UNKNOWN),
    ],
)
def test_version(project: str, prepared: str | None, expected: str, scene: Scene, server: Server) -> None:
    """The version is the one that the frontend got, or that of the file; without it, nothing is looked for."""
    publish(server, b"")
    prefer(scene, server, project=project)
    assert expected.format(url=server.url()) == find(plan_of(scene), prepared)


@pytest.mark.parametrize("prepared", [None, "Name: nonsense\nVersion: 1.0+mine\n"])
def test_version_with_a_label(prepared: str | None, scene: Scene, server: Server) -> None:
    """A source whose version has a label is not the one from which the authors have built."""
    publish(server, b"")
    prefer(scene, server, project=PROJECT.replace("1.0", "1.0+mine"))
    expected = "no prebuilt wheel is looked for: the version 1.0+mine of the package has a label of its own"
    assert expected == find(plan_of(scene), prepared)


def upstream(where: str, kind: Any = "sdist", *patches: Path) -> Upstream:
    """Return the source of a wrapper."""
    sha = "ab" * 32
    return Upstream(kind=kind, where=where, sha256=sha, rev=None, subdirectory=None, patches=patches, origin="x")


@pytest.mark.parametrize(
    ("source", "project", "expected"),
    [
        (upstream("nonsense==1.0"), "", WHEEL),
        (upstream("nonsense==2.0"), PROJECT, "{url} has no nonsense 2.0+torch2.7 for this interpreter"),
        (upstream("nonsense"), PROJECT, UNKNOWN),
        (upstream("https://h/x.tar.gz", "archive"), "", UNKNOWN),
        (upstream("https://h/x.tar.gz", "archive"), PROJECT, WHEEL),
    ],
)
def test_wrapper(source: Upstream, project: str, expected: str, scene: Scene, server: Server) -> None:
    """A wrapper has the version of its pinned sdist."""
    publish(server, b"")
    prefer(scene, server, project=project)
    assert expected.format(url=server.url()) == find(plan_of(scene, upstream=source))


def test_patched_wrapper(scene: Scene, server: Server) -> None:
    """The authors' wheel is without the patches of a wrapper, so it is compiled."""
    publish(server, b"")
    plan = plan_of(scene, upstream=upstream("nonsense==1.0", "sdist", scene.root / "fix.patch"))
    assert "no prebuilt wheel is looked for: the source has patches" == find(plan)


@pytest.mark.parametrize(
    ("label", "wheel", "expected"),
    [
        ("torch{torch.release}", "torch2.7.0", WHEEL),
        ("cxx11abi{torch.cxx11-abi}", "cxx11abiTRUE", WHEEL),
        ("cu{torch.cuda-digits}torch{torch.minor-digits}", "cutorch27", WHEEL),
        ("torch{torch.minor}", "torch2.8", "{url} has no nonsense 1.0+torch2.7 for this interpreter"),
        ("{torch.cuda}", "", "the label '' of prebuilt wheels is no local version (PEP 440)"),
        ("torch_{torch.minor}!", "x", "the label 'torch_2.7!' of prebuilt wheels is no local version (PEP 440)"),
    ],
)
def test_label(label: str, wheel: str, expected: str, scene: Scene, server: Server) -> None:
    """The label names exactly one runtime."""
    publish(server, b"", LABELLED.replace("torch2.7", wheel))
    prefer(scene, server, label=label)
    assert expected.format(url=server.url()) == find(plan_of(scene))


def test_old_abi(scene: Scene, server: Server) -> None:
    """A torch with the ABI before C++11 has another label."""
    write(
        scene.site(scene.target) / "torch/share/cmake/Torch/TorchConfig.cmake",
        'set(TORCH_CXX_FLAGS "-D_GLIBCXX_USE_CXX11_ABI=0")\n',
    )
    publish(server, b"", LABELLED.replace("torch2.7", "cxx11abiFALSE"))
    prefer(scene, server, label="cxx11abi{torch.cxx11-abi}")
    assert WHEEL == find(plan_of(scene))


def test_label_without_a_value(scene: Scene, server: Server) -> None:
    """A placeholder that has no value for this runtime is no label."""
    publish(server, b"")
    plan = plan_of(scene)
    nothing = plan._replace(runtimes=())
    expected = "the label 'torch{torch.minor}' has a placeholder without a value for this runtime"
    assert expected == find(nothing)
    prefer(scene, server, label="abi{torch.cxx11-abi}")
    assert expected.replace("torch{torch.minor}", "abi{torch.cxx11-abi}") == find(plan_of(scene)._replace(runtimes=()))


def test_no_torch(scene: Scene, server: Server) -> None:
    """A wheel without a stamp is not taken if there is no torch to check it against."""
    publish(server, make_content(scene.root))
    plan = plan_of(scene)
    prebuilt = plan.settings.prebuilt.value
    assert prebuilt is not None
    found = find_prebuilt(plan, prebuilt, None, {})
    caller, to = scene.pip(scene.shell(scene.elsewhere)), scene.root / WHEEL
    (torch,) = plan.runtimes
    unseen = torch._replace(provision=torch.provision._replace(kind="missing"))
    for runtimes in ((), (unseen,)):
        with pytest.raises(NoAnswer) as caught:
            fetch_prebuilt(plan._replace(runtimes=runtimes), found, to, caller, lambda _: None)
        expected = f"{LABELLED} is not taken: it has no stamp, and there is no torch to check it against"
        assert expected == str(caught.value)
    fetch_prebuilt(plan, found, to, caller, lambda _: None)
    assert read_from_dist_info(to, FILE_NAME) is not None


def test_credentials(scene: Scene, server: Server) -> None:
    """The credentials of the index fetch the wheel, and are not shown."""
    publish(server, make_content(scene.root))
    server.needed = "Basic am86cHc="  # jo:pw
    index = Prebuilt(url=server.url(credentials="jo:pw@"), label="torch{torch.minor}")
    plan, caller = plan_of(scene), scene.pip(scene.shell(scene.elsewhere))
    found = find_prebuilt(plan, index, None, {})
    fetch_prebuilt(plan, found, scene.root / WHEEL, caller, lambda _: None)
    assert server.url("/files/x.whl") == found.url


def test_credentials_in_the_cache(scene: Scene) -> None:
    """The store contains no credentials of the index; its records are put into remote stores."""
    table = f'prebuilt = {{ index = "https://jo:secretive@h/simple", label = "x" }}\n{PROJECT}'
    make_source(scene.source, "backends.recording", table)
    build(scene, RUNTIME_BACKEND_OFFLINE="1")
    assert [["https://h/simple", "x"]] == [r.inputs.values["prebuilt"] for r in stored(scene).list_records()]
    files = [path for path in stored(scene).folder.rglob("*.json") if path.is_file()]
    assert ["record.json", "source.json"] == sorted(path.name for path in files if path.parent.name != ".lookups")
    assert not [path for path in files if b"secretive" in path.read_bytes()]
