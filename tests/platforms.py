"""Platforms that the tests read locks for, whatever machine they run on."""

from __future__ import annotations

from packaging.tags import compatible_tags, cpython_tags, mac_platforms

from runtime_backend.system.platforms import Platform

_MARKERS = {
    "linux-x86_64": ("linux", "Linux", "x86_64", "posix"),
    "macos-arm64": ("darwin", "Darwin", "arm64", "posix"),
    "windows-amd64": ("win32", "Windows", "AMD64", "nt"),
}


def make_platform(name: str, python: str) -> Platform:
    """Return a platform by its name in the samples' expected.json."""
    version = tuple(int(part) for part in python.split("."))
    platforms = _list_platforms(name)
    interpreter = f"cp{version[0]}{version[1]}"
    tags = (*cpython_tags(version, platforms=platforms), *compatible_tags(version, interpreter, platforms))
    return Platform(environment=_environment(name, python), tags=tags)


def _list_platforms(name: str) -> list[str]:
    if name == "macos-arm64":
        return list(mac_platforms((14, 0), "arm64"))
    if name == "windows-amd64":
        return ["win_amd64"]
    return [f"manylinux_2_{minor}_x86_64" for minor in range(35, 16, -1)] + ["linux_x86_64"]


def _environment(name: str, python: str) -> dict[str, str]:
    sys_platform, system, machine, os_name = _MARKERS[name]
    return {
        "sys_platform": sys_platform,
        "platform_system": system,
        "platform_machine": machine,
        "os_name": os_name,
        "implementation_name": "cpython",
        "implementation_version": f"{python}.7",
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_version": "",
        "python_full_version": f"{python}.7",
        "python_version": python,
        "extra": "",
    }
