"""Buckets of S3, Google Cloud and Azure, by obstore: one wheel without dependencies that knows all three.

It reads the usual variables of the environment: AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL, GOOGLE_APPLICATION_CREDENTIALS,
AZURE_STORAGE_ACCOUNT_NAME ... An endpoint without TLS needs ``AWS_ALLOW_HTTP=true`` or ``AZURE_ALLOW_HTTP=true``.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import NoAnswer
from ..errors.reasons import reason
from ..index.downloads import CannotWrite, save
from ..system.progress import ticking
from .remotes import PATIENCE

if TYPE_CHECKING:
    from obstore.store import ObjectStore

T = TypeVar("T")

_ALLOW_HTTP = ("AWS_ALLOW_HTTP", "AZURE_ALLOW_HTTP", "GOOGLE_ALLOW_HTTP")
_PART = 8 << 20
"""Bytes of a wheel that are fetched at once."""
_PART_TIME = 60
"""Seconds for such a part."""


class Bucket:
    """A bucket, or a folder in one.

    :raises NoAnswer: if obstore is not installed, or refuses the URL.
    """

    def __init__(self, url: str, environ: Mapping[str, str], say: Callable[[str], None]) -> None:
        self._url = url
        self._say = say
        self._store = _open(url, environ)

    def read(self, path: str) -> bytes | None:
        """Return the content of a small object; None if there is none."""
        try:
            return self._within(PATIENCE, lambda: bytes(self._store.get(path).bytes()))
        except FileNotFoundError:
            return None

    def fetch(self, path: str, size: int, to: Path) -> None:
        """Download an object part by part, and report the progress."""
        self._say(f"fetching {self._url}/{path}")
        try:
            save(self._parts(path, size), to, size, self._say)
        except FileNotFoundError:
            raise NoAnswer(f"{self._url}/{path}: found no object") from None
        except CannotWrite as failure:
            raise NoAnswer(f"{to} cannot be written: {reason(failure.error, to)}") from None

    def _parts(self, path: str, size: int) -> Iterator[bytes]:
        for start in range(0, size, _PART):
            ends = {"start": start, "end": min(start + _PART, size)}
            yield bytes(self._within(_PART_TIME, partial(self._store.get_range, path, **ends)))

    def write(self, path: str, source: Path | bytes) -> None:
        """Upload an object."""
        with ticking(lambda passed: self._say(f"uploading {path.rpartition('/')[2]}: {passed}")):
            try:
                _answered(lambda: self._store.put(path, source))
            except FileNotFoundError:
                raise NoAnswer(f"{self._url}: found no bucket") from None

    def _within(self, seconds: float, run: Callable[[], T]) -> T:
        """Return the result of a call that must not take longer; obstore's own limits leave out the search for
        credentials.

        :raises NoAnswer: if it takes longer, or fails.
        :raises FileNotFoundError: if there is no such object.
        """
        results: list[T] = []
        failures: list[Exception] = []

        def work() -> None:
            try:
                results.append(_answered(run))
            except (NoAnswer, FileNotFoundError) as failure:
                failures.append(failure)

        thread = Thread(target=work, daemon=True)
        thread.start()
        thread.join(seconds)
        if failures:
            raise failures[0]
        if not results:
            raise NoAnswer(f"no answer within {seconds:g} seconds")
        return results[0]


def _open(url: str, environ: Mapping[str, str]) -> ObjectStore:
    try:
        from obstore.store import from_url  # noqa: PLC0415 - installed only for a bucket
    except ModuleNotFoundError:
        raise NoAnswer("obstore is not installed: pip install 'runtime-backend[store]'") from None
    retrying: Any = {"max_retries": 1, "retry_timeout": timedelta(seconds=PATIENCE)}
    client: Any = {"connect_timeout": f"{PATIENCE}s", "timeout": "3600s"}
    if any(environ.get(name, "").lower() in ("1", "true") for name in _ALLOW_HTTP):  # not read if there are options
        client["allow_http"] = True
    try:
        return _answered(lambda: from_url(url, client_options=client, retry_config=retrying))
    except FileNotFoundError:  # credentials that a variable names
        raise NoAnswer(f"{url}: a file that it needs was not found") from None


def _answered(run: Callable[[], T]) -> T:
    """Return the result of a call of obstore.

    :raises NoAnswer: if it fails.
    :raises FileNotFoundError: if there is no such object.
    """
    from obstore.exceptions import BaseError, NotFoundError  # noqa: PLC0415 - only for a bucket

    try:
        return run()
    except (NotFoundError, FileNotFoundError):
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT)) from None
    except (BaseError, OSError, ValueError) as error:
        raise NoAnswer(_short(error)) from None


def _short(error: Exception) -> str:
    """Return the first line of an error of obstore: the others are the request, and Rust's view of the error."""
    return next((line.strip() for line in str(error).splitlines() if line.strip()), "the request failed")[:300]
