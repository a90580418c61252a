"""What is installed, read as text: odd folders, metadata and RECORDs included."""

from __future__ import annotations

from pathlib import Path

import pytest
from standins import make_distribution, make_torch, write

from runtime_backend.installed.distributions import (
    Distribution,
    DistributionIndex,
    archive_sha256,
    extend_by_pth,
    locate_imports,
)


def find(site: Path, name: str, *more: Path) -> Distribution:
    """Return the distribution of that name, which is there."""
    found = DistributionIndex([site, *more]).find(name)
    assert found is not None
    return found


def imports_of(site: Path, name: str, *more: Path) -> dict[str, str]:
    """Return the imports of a distribution, relative to its site."""
    found = locate_imports(find(site, name, *more), [site, *more])
    return {entry: str(path.relative_to(site.parent)) for entry, path in found.items()}


@pytest.mark.parametrize(
    ("name", "info", "normalised"),
    [
        ("torch", None, "torch"),
        ("Torch", "Torch-1.0.dist-info", "torch"),
        ("nvidia_cublas", "nvidia_cublas-1.0.dist-info", "nvidia-cublas"),
        ("zope.interface", "zope.interface-1.0.dist-info", "zope-interface"),
        ("six", "six-1.0-py3.11.egg-info", "six"),
        ("six", "six.egg-info", "six"),
    ],
)
def test_find(tmp_path: Path, name: str, info: str | None, normalised: str) -> None:
    """A distribution is found by its normalised name, however its folder spells it."""
    folder = make_distribution(tmp_path, name, "1.0", info=info)
    found = find(tmp_path, normalised)
    assert (normalised, folder, tmp_path, "1.0") == (found.name, found.info, found.site, found.version)


def test_not_found(tmp_path: Path) -> None:
    """A missing distribution or folder gives None; pip's leftovers are ignored."""
    make_distribution(tmp_path, "~orch", "1.0", {}, info="~orch-1.0.dist-info")
    write(tmp_path / "file", "")
    assert DistributionIndex([tmp_path, tmp_path / "missing", tmp_path / "file"]).find("torch") is None


def test_first_on_the_path_wins(tmp_path: Path) -> None:
    """Of two folders the first is meant, and in one folder always the same one."""
    make_torch(tmp_path / "a", "2.8.0")
    make_torch(tmp_path / "a", "2.7.0")
    make_torch(tmp_path / "b", "2.6.0")
    assert find(tmp_path / "a", "torch", tmp_path / "b").version == "2.7.0"
    assert find(tmp_path / "b", "torch", tmp_path / "a").version == "2.6.0"


def test_found_once(tmp_path: Path) -> None:
    """A distribution asked for again is the same object, which has read its files already."""
    make_torch(tmp_path, "2.7.0")
    index = DistributionIndex([tmp_path])
    assert index.find("torch") is index.find("torch")


@pytest.mark.parametrize(
    ("metadata", "version", "requires"),
    [
        ("Version: 2.7.0\nRequires-Dist: a\nrequires-dist:b ; extra == 'x'\n\nRequires-Dist: body\n", "2.7.0",
         ("a", "b ; extra == 'x'")),
        ("VERSION:2.7.0\r\nRequires-Dist: a\r\n\r\nbody", "2.7.0", ("a",)),
        ("License: a\n  Version: 9\n\tRequires-Dist: continued\nVersion: 2.7.0\n", "2.7.0", ()),
        ("Author: a\u2028\u2028b\x0c\x0c\nVersion: 2.7.0\n", "2.7.0", ()),
        (": nameless\nno colon\nVersion: 2.7.0\n", "2.7.0", ()),
        ("Name: torch\n", "1.0", ()),
        ("Version: 2.7.0\nRequires-Dist: a;\n  os_name == 'x'\nVersion: 3\n", "2.7.0", ("a; os_name == 'x'",)),
        ("Version: 2.7.0", "2.7.0", ()),
        ("", "1.0", ()),
    ],
)  # fmt: skip
def test_metadata(tmp_path: Path, metadata: str, version: str, requires: tuple[str, ...]) -> None:
    """Version and requirements are read from the headers only."""
    folder = make_distribution(tmp_path, "torch", "1.0")
    write(folder / "METADATA", metadata)
    found = find(tmp_path, "torch")
    assert (version, requires) == (found.version, found.requires)


def test_metadata_of_another_encoding(tmp_path: Path) -> None:
    """An author's name in Latin-1 does not hide the version."""
    folder = make_distribution(tmp_path, "torch", "1.0")
    (folder / "METADATA").write_bytes(b"Author: J\xfcrgen\nVersion: 2.7.0\n")
    assert find(tmp_path, "torch").version == "2.7.0"


@pytest.mark.parametrize("name", ["six-1.0.egg-info/PKG-INFO", "six-1.0.egg-info"])
def test_egg_info(tmp_path: Path, name: str) -> None:
    """The metadata of an egg is PKG-INFO in a folder, or a file."""
    write(tmp_path / name, "Version: 1.16\n")
    assert find(tmp_path, "six").version == "1.16"


@pytest.mark.parametrize(
    ("record", "files", "top"),
    [
        ("", (), set()),
        (
            "torch/a.py,sha256=x,1\ntorch/b.py,,\n\nsix.py,,\n",
            ("torch/a.py", "torch/b.py", "six.py"),
            {"torch", "six.py"},
        ),
        ("a/b.py,,\r\n../../bin/x,,\r\n", ("a/b.py", "../../bin/x"), {"a", ".."}),
        ('"a/b,c.py",sha256=x,1\n"a/""q"".py",,\n', ("a/b,c.py", 'a/"q".py'), {"a"}),
        ('"broken\n', ('"broken',), {"broken"}),
        ("a/x\u2028y.py,,\n", ("a/x\u2028y.py",), {"a"}),
        ("/usr/share/x,,\na/b,,\nc/d,,\na/e,,\n", ("/usr/share/x", "a/b", "c/d", "a/e"), {"a", "c"}),
        ("a/b\n", ("a/b",), {"a"}),
    ],
)
def test_record(tmp_path: Path, record: str, files: tuple[str, ...], top: set[str]) -> None:
    """The paths of a RECORD are read as CSV, and so are their first components."""
    folder = make_distribution(tmp_path, "torch", "1.0", record=None)
    if record:
        write(folder / "RECORD", record)
    found = find(tmp_path, "torch")
    assert (record.replace("\r\n", "\n"), files, top) == (found.record, found.files, set(found.top_names))


def test_direct_url(tmp_path: Path) -> None:
    """The text of direct_url.json is returned; empty if there is none."""
    make_distribution(tmp_path, "torch", "1.0", extra={"direct_url.json": '{"url": "x"}'})
    make_distribution(tmp_path, "six", "1.0")
    assert ['{"url": "x"}', ""] == [find(tmp_path, name).direct_url for name in ("torch", "six")]


def test_imports_by_record(tmp_path: Path) -> None:
    """Packages, modules and folders of libraries count; dist-info, scripts and byte code do not."""
    site = tmp_path / "site"
    files = {
        f"{name}/x" if "." not in name else name: ""
        for name in ("torch", "functorch", "six.py", "_c.cpython-311-x86_64-linux-gnu.so", "__pycache__", "x.pth")
    }
    make_distribution(site, "torch", "1.0", {**files, "torch.libs/a.so": "", "../bin/torchrun": ""})
    names = ("_c.cpython-311-x86_64-linux-gnu.so", "functorch", "six.py", "torch", "torch.libs")
    assert {name: f"site/{name}" for name in names} == imports_of(site, "torch")


def test_imports_of_a_record_with_dots(tmp_path: Path) -> None:
    """A RECORD that leads its paths with ``./`` does not make the whole site the distribution's own."""
    make_distribution(tmp_path / "site", "torch", "1.0", {"torch/x": ""}, record="./torch/x,,\n")
    assert {"torch": "site/torch"} == imports_of(tmp_path / "site", "torch")


def test_imports_that_are_gone(tmp_path: Path) -> None:
    """What RECORD names and is not there, or too long a name to be there, is left out."""
    record = f"torch/x,,\ngone/x,,\n{'n' * 300}/x,,\n"
    make_distribution(tmp_path / "site", "torch", "1.0", {"torch/x": ""}, record=record)
    assert {"torch": "site/torch"} == imports_of(tmp_path / "site", "torch")


@pytest.mark.parametrize(
    ("name", "files", "extra", "expected"),
    [
        ("typing-extensions", {"typing_extensions.py": ""}, {}, {"typing_extensions.py": "site/typing_extensions.py"}),
        ("PyYAML", {"yaml/x": "", "_yaml/x": ""}, {"top_level.txt": "_yaml\nyaml\nmissing\n"},
         {"_yaml": "site/_yaml", "yaml": "site/yaml"}),
        ("nothing", {}, {}, {}),
    ],
)  # fmt: skip
def test_imports_without_record(
    tmp_path: Path, name: str, files: dict[str, str], extra: dict[str, str], expected: dict[str, str]
) -> None:
    """Without RECORD, the declared names are looked up on the path, or else the namesake."""
    make_distribution(tmp_path / "site", name, "1.0", files, record=None, extra=extra)
    assert expected == imports_of(tmp_path / "site", name.lower())


def test_folders_of_a_namespace(tmp_path: Path) -> None:
    """A declared folder of a namespace is not an entry in addition to the namespace."""
    extra = {"top_level.txt": "nvidia\nnvidia/cusparselt\n"}
    make_distribution(tmp_path / "site", "nvidia-cusparselt", "0.8", {"nvidia/cusparselt/lib/x": ""}, extra=extra)
    assert {"nvidia": "site/nvidia"} == imports_of(tmp_path / "site", "nvidia-cusparselt")


def test_editable_by_pth(tmp_path: Path) -> None:
    """An editable torch is found through the folder that a .pth file adds."""
    site, source = tmp_path / "site", tmp_path / "source"
    make_torch(site, "2.7.0", editable=source)
    assert (site, source) == extend_by_pth([site])
    assert {"torch": "source/torch"} == imports_of(site, "torch", source)


def test_editable_by_egg_link(tmp_path: Path) -> None:
    """``setup.py develop`` writes an egg-link, and the metadata next to the source."""
    site, source = tmp_path / "site", tmp_path / "source"
    write(site / "torch.egg-link", f"{source}\n.")
    write(source / "torch.egg-info/PKG-INFO", "Version: 2.7.0\n")
    write(source / "torch.egg-info/top_level.txt", "functorch\ntorch\n")
    write(source / "torch/__init__.py", "")
    path = extend_by_pth([site])
    assert (site, source, site / ".") == path
    assert ("2.7.0", {"torch": "source/torch"}) == (
        find(site, "torch", *path).version,
        imports_of(site, "torch", *path),
    )


@pytest.mark.parametrize(
    ("mapping", "expected"),
    [
        ("MAPPING: dict[str, str] = {'torch': %r}", {"torch": "source/torch"}),
        ("MAPPING = {'torch': %r}", {"torch": "source/torch"}),
        ("MAPPING = {'torch': %r + ''}", {}),
        ("MAPPING = {'torch': %r", {}),
        ("MAPPING = {'torch': 3, %r: 4}", {}),
        ("MAPPING = [%r]", {}),
        ("NAMESPACES = {'torch': %r}", {}),
    ],
)
def test_editable_by_finder(tmp_path: Path, mapping: str, expected: dict[str, str]) -> None:
    """Setuptools' finder module maps packages to folders; an unreadable one has no entries."""
    site, source = tmp_path / "site", tmp_path / "source"
    write(source / "torch/__init__.py", "")
    finder = f"import sys\n{mapping % str(source / 'torch')}\n"
    files = {"__editable___torch_2_7_0_finder.py": finder, "__editable__.torch-2.7.0.pth": "import x; x.install()\n"}
    make_distribution(site, "torch", "2.7.0", files, extra={"top_level.txt": "torch\n"})
    assert expected == imports_of(site, "torch")


@pytest.mark.parametrize(
    ("name", "file", "mapped", "expected"),
    [
        ("pkg", "src/impl/__init__.py", "src/impl", {"pkg": "src/impl"}),
        ("six", "src/six.py", "src/six", {"six.py": "src/six.py"}),
        ("six", "src/six.py", "src/six.py", {"six.py": "src/six.py"}),
    ],
)
def test_editable_under_another_name(
    tmp_path: Path, name: str, file: str, mapped: str, expected: dict[str, str]
) -> None:
    """An entry has its import name, whatever the name of its source folder."""
    write(tmp_path / file, "")
    files = {"__editable___x_finder.py": f"MAPPING = {{{name!r}: {str(tmp_path / mapped)!r}}}\n"}
    make_distribution(tmp_path / "site", "x", "1.0", files, extra={"top_level.txt": f"{name}\n"})
    assert expected == imports_of(tmp_path / "site", "x")


def test_finder_without_mapping(tmp_path: Path) -> None:
    """Files that look editable without a finder fall back to the path."""
    make_distribution(tmp_path / "site", "x", "1.0", {"__editable__.x-1.0.pth": ""})
    write(tmp_path / "site/x/__init__.py", "")
    assert {"x": "site/x"} == imports_of(tmp_path / "site", "x")


def test_pth_lines(tmp_path: Path) -> None:
    """Folders count, also relative ones; code, comments, files and unreadable paths do not."""
    site, other = tmp_path / "site", tmp_path / "other"
    other.mkdir()
    write(site / "file", "")
    write(site / "a.pth", f"# comment\nimport os; os\nimport\tos\n\n  \n../other\n{'n' * 300}\n\0\nfile\nmissing\n")
    write(site / "b.txt", f"{other}\n")
    (site / "c.pth").mkdir()
    assert (site, tmp_path / "none", site / "../other") == extend_by_pth([site, tmp_path / "none"])


def test_declared_beside_record(tmp_path: Path) -> None:
    """A name that is declared and in RECORD is there once; a finder without a mapping of it leaves the path."""
    files = {"torch/__init__.py": "", "__editable___x_finder.py": "import sys\n"}
    make_distribution(tmp_path / "site", "x", "1.0", files, extra={"top_level.txt": "torch\nextra\n"})
    write(tmp_path / "site/extra.py", "")
    assert {"torch": "site/torch", "extra.py": "site/extra.py"} == imports_of(tmp_path / "site", "x")


@pytest.mark.parametrize(
    "text", ["..\n", "/etc\n", "../../etc\n", "C:\\x\n", "..\\x\n", ".\n", "a\0b\n", "torch\n.. ..\n"]
)
def test_names_that_lead_out(text: str, tmp_path: Path) -> None:
    """A distribution's own entries are never outside its folder."""
    site = tmp_path / "a/site"
    info = make_distribution(site, "torch", "1", {"torch/__init__.py": ""}, extra={"top_level.txt": text}, record=None)
    found = locate_imports(Distribution(name="torch", info=info), [site])
    assert {"torch": site / "torch"} == found


def test_names_in_record_that_lead_out(tmp_path: Path) -> None:
    """Nor do the paths of its RECORD lead out."""
    record = '../x,,\n"..",,\n/etc/passwd,,\n"/etc/x, y",,\n..\\x,,\nC:x,,\ntorch/a,,\n'
    info = make_distribution(tmp_path / "a/site", "torch", "1", {"torch/a": ""}, record=record)
    assert ["torch"] == list(locate_imports(Distribution(name="torch", info=info), ()))


@pytest.mark.parametrize(
    ("info", "sha256"),
    [
        (None, None), ([], None), ("x", None), ({}, None), ({"hashes": []}, None), ({"hashes": {"sha256": 3}}, None),
        ({"hash": 3}, None), ({"hash": "md5=1"}, None), ({"hashes": "x", "hash": "sha256=ab"}, "ab"),
        ({"hashes": {"sha256": "cd"}, "hash": "sha256=ab"}, "cd"),
    ],
)  # fmt: skip
def test_hash_of_an_archive(info: object, sha256: str | None) -> None:
    """A table of another kind has no hash."""
    assert sha256 == archive_sha256(info)
