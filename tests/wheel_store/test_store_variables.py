"""The variables that belong to the key of a wheel."""

from __future__ import annotations

import pytest

from runtime_backend.wheel_store.variables import find_parts, is_part


@pytest.mark.parametrize(
    ("name", "words", "expected"),
    [
        *((name, (), True) for name in ("CC", "CXXFLAGS", "CPATH", "TORCH_CUDA_ARCH_LIST", "CMAKE_ARGS", "MKLROOT")),
        *((name, (), True) for name in ("CMAKE_PREFIX_PATH", "HIP_PATH", "CUDA_BIN_PATH", "SETUPTOOLS_SCM_PRETEND_X")),
        *((name, (), False) for name in ("MY_FLAG", "CI", "CONDA_PREFIX", "GITHUB_SHA", "XDG_CACHE_HOME", "LC_ALL")),
        *((name, (name,), True) for name in ("MY_FLAG", "CI", "CONDA_PREFIX", "GITHUB_SHA", "myflag")),
        *((name, (name,), True) for name in ("BUILD_TOKENIZERS", "PKG_AUTHOR", "PRIVATE_HEADERS", "WITH_MONKEYS")),
        *((name, (name,), False) for name in ("PATH", "HOME", "MAX_JOBS", "PYTHONPATH", "CUDA_HOME", "TORCH_HOME")),
        *(
            (name, (name,), False)
            for name in ("HF_TOKEN", "NPM_AUTHTOKEN", "X_PASSWORD", "AWS_ACCESS_KEY_ID", "API_KEYS")
        ),
        *((name, (name,), False) for name in ("MY_SECRET_X", "my_secret", "GOOGLE_CREDENTIALS", "HTTP_COOKIE")),
        ("TORCH_TOKEN", (), False),
        ("MY_FLAG", ("MY_",), True),
        ("MY_FLAG", ("MY",), False),
        ("MY_FLAG", ("MY_F",), False),
        ("MY_LONG_FLAG", ("MY_LONG_",), True),
        ("Eigen3_DIR", ("Eigen3_",), True),
        ("A_B", ("A_",), False),
        ("FLASH_FORCE_BUILD", ("*_FORCE_BUILD",), True),
        ("FLASH_FORCE_BUILD", ("*_BUILD",), True),
        ("FLASH_FORCE_BUILD", ("*BUILD",), False),
        ("FLASH_FORCE_BUILD", ("*_FORCE",), False),
        ("PIP_FORCE_BUILD", ("*_FORCE_BUILD", "PIP_"), False),
        ("NOTHING", ("MY_",), False),
    ],
)
def test_is_part(name: str, words: tuple[str, ...], expected: bool) -> None:  # noqa: FBT001 - a parameter
    """A variable belongs to the key if compilers read it or a script names it, unless it is a secret or a job count."""
    assert expected == is_part(name, words)


def test_find_parts() -> None:
    """The variables are in the order of their names, with their values."""
    environ = {"WITH_X": "1", "PATH": "/bin", "CC": "gcc", "OTHER": "2"}
    assert [("CC", "gcc"), ("WITH_X", "1")] == list(find_parts(environ, {"WITH_X"}).items())
