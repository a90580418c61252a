"""Reading the ``cuda`` table of a producer or a consumer."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from ..formats.tables import Table, describe
from .producer import optional_choice
from .settings import COMPILER_CACHES, TOOLKITS, Chosen, CompilerCacheChoice, ToolkitChoice

NAMED_ARCHITECTURES = (
    *("Kepler+Tesla", "Kepler", "Maxwell+Tegra", "Maxwell", "Pascal", "Volta+Tegra", "Volta", "Turing"),
    *("Ampere+Tegra", "Ampere", "Ada", "Hopper", "Blackwell+Tegra", "Blackwell"),
)
"""The names that torch accepts (torch.utils.cpp_extension)."""

_ARCHITECTURE = r"\d+\.\d[af]?(\+PTX)?|gfx[0-9a-f]{3,4}(:(xnack|sramecc)[+-])*"
"""``9.0``, ``9.0a``, ``8.6+PTX``; for ROCm ``gfx942:sramecc+:xnack-``."""
_OTHER_SPELLING = r"(?:sm_|compute_)?(\d+)(\d)([af]?)"


class CudaSettings(NamedTuple):
    """How CUDA code is compiled. For a field that is None, torch and the person's environment decide."""

    arch_list: Chosen[str] | None = None
    """``auto``, or architectures in torch's spelling, of CUDA or ROCm, separated by ``;``."""
    toolkit: Chosen[ToolkitChoice] | None = None
    """``system``: the installed one; ``wheels``: compilers as a build requirement; ``match``: the first that fits."""
    jobs: Chosen[int | None] | None = None
    """The number of simultaneous compilers; a value of None means: by cores and memory."""
    job_memory: Chosen[float] | None = None
    """GB per compiler."""
    compiler_cache: Chosen[CompilerCacheChoice] | None = None
    """``off``, ``ccache``, ``sccache``, or ``auto``: the one on PATH."""

    def under(self, stronger: CudaSettings) -> CudaSettings:
        """Return these settings, overridden by the fields of ``stronger`` that are not None."""
        return self._replace(
            arch_list=stronger.arch_list or self.arch_list,
            toolkit=stronger.toolkit or self.toolkit,
            jobs=stronger.jobs or self.jobs,
            job_memory=stronger.job_memory or self.job_memory,
            compiler_cache=stronger.compiler_cache or self.compiler_cache,
        )


def read_cuda(table: Table) -> CudaSettings | None:
    """Return the settings of the ``cuda`` table; None if there is none."""
    inner = table.table("cuda")
    if inner is None:
        return None
    settings = CudaSettings(
        arch_list=_read_arch_list(inner),
        toolkit=optional_choice(inner, "toolkit", TOOLKITS),
        jobs=_read_jobs(inner),
        job_memory=_read_memory(inner),
        compiler_cache=optional_choice(inner, "compiler-cache", COMPILER_CACHES),
    )
    inner.close()
    return settings


def _read_arch_list(table: Table) -> Chosen[str] | None:
    value: Any = table.value("arch-list")
    origin = f"{table.file}: {table.dotted('arch-list')}"
    if value is None or value == "auto":
        return None if value is None else Chosen(value="auto", origin=origin)
    words = re.split(r"[; ]+", value.strip("; ")) if isinstance(value, str) else value
    if not isinstance(words, list) or not words or not all(isinstance(word, str) and word for word in words):
        table.report(
            "arch-list", describe(value), "'auto', or architectures such as '9.0;8.6+PTX' or ['9.0', '8.6+PTX']"
        )
        return None
    for word in words:
        if not re.fullmatch(_ARCHITECTURE, word) and word not in NAMED_ARCHITECTURES:
            table.report("arch-list", f"the architecture {word!r}", _expected(word))
    return Chosen(value=";".join(words), origin=origin)


def _expected(word: str) -> str:
    """Return the accepted spelling of an architecture, or examples."""
    if "," in word:
        return f"semicolons or spaces as separators: {word.replace(',', ';')!r}"
    found = re.fullmatch(_OTHER_SPELLING, word)
    if found is not None:
        return f"torch's spelling: '{found.group(1)}.{found.group(2)}{found.group(3)}'"
    return f"one such as '9.0', '9.0a', '8.6+PTX', for ROCm 'gfx90a', or a name: {', '.join(NAMED_ARCHITECTURES)}"


def _read_jobs(table: Table) -> Chosen[int | None] | None:
    value = table.value("jobs")
    origin = f"{table.file}: {table.dotted('jobs')}"
    if value is None or value == "auto":
        return None if value is None else Chosen(value=None, origin=origin)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        table.report("jobs", describe(value), "'auto', or a number above 0")
        return None
    return Chosen(value=value, origin=origin)


def _read_memory(table: Table) -> Chosen[float] | None:
    value = table.value("job-memory")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value <= 0:
        table.report("job-memory", describe(value), "a number of GB above 0")
        return None
    return Chosen(value=float(value), origin=f"{table.file}: {table.dotted('job-memory')}")
