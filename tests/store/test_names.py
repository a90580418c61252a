"""The names of entries of the cache."""

from __future__ import annotations

import os

from runtime_backend.store.names import digest, safe_name


def test_length_of_a_digest() -> None:
    """A digest is as long as it is asked to be."""
    assert [16, 8, 64] == [len(digest(["a"])), len(digest(["a"], 8)), len(digest(["a"], 64))]
    assert digest(["a"], 64).startswith(digest(["a"]))


def test_digest_takes_any_path() -> None:
    """A path that is not UTF-8 has a digest; different lists of texts have different digests."""
    assert 16 == len(digest([os.fsdecode(b"/x\xff")]))
    assert digest(["a", "b"]) != digest(["ab"])


def test_safe_name() -> None:
    """Characters that a shell or a pattern interprets become full stops."""
    assert "torch-2.7.0.cu126.x" == safe_name("torch-2.7.0+cu126 $(*)x")
