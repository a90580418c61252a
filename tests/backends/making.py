"""What the fakes make: real, tiny wheels and sdists."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path


def make_wheel(folder: str, *, compiled: bool = True, name: str = "nonsense-1.0-py3-none-any.whl") -> str:
    """Write a wheel, with a file that looks compiled or without, and return its name."""
    files = {"nonsense/__init__.py": "", "nonsense-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: nonsense\n"}
    if compiled:
        files["nonsense/_C.so"] = "compiled"
    record = "".join(f"{path},,\n" for path in [*files, "nonsense-1.0.dist-info/RECORD"])
    with zipfile.ZipFile(Path(folder) / name, "w") as archive:
        for path, text in {**files, "nonsense-1.0.dist-info/RECORD": record}.items():
            archive.writestr(path, text)
    return name


def make_sdist(folder: str) -> str:
    """Write an sdist, and return its name."""
    with tarfile.open(Path(folder) / "nonsense-1.0.tar.gz", "w:gz") as archive:
        archive.addfile(tarfile.TarInfo("nonsense-1.0/PKG-INFO"), io.BytesIO(b""))
    return "nonsense-1.0.tar.gz"


def make_dist_info(folder: str) -> str:
    """Write prepared metadata, and return the folder's name."""
    made = Path(folder) / "nonsense-1.0.dist-info"
    made.mkdir(exist_ok=True)
    (made / "METADATA").write_text("Metadata-Version: 2.1\nName: nonsense\n", "utf-8")
    return made.name
