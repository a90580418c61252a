"""What leaves this process holds no secrets, and nothing that a terminal obeys."""

from __future__ import annotations

import pytest

from runtime_backend.system.printable import printable, without_secrets


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://example.org/t.whl", "https://example.org/t.whl"),
        ("torch @ https://me:pass@example.org/t.whl#sha256=ab", "torch @ https://example.org/t.whl#sha256=ab"),
        ("https://token@example.org/simple, git+https://token@h/x", "https://example.org/simple, git+https://h/x"),
        ("https://me:p@ss@example.org/x", "https://example.org/x"),
        ("https://me:pa/ss@example.org/x", "https://example.org/x"),
        ("https://m@il:pa/ss@example.org/x", "https://example.org/x"),
        ("https://:pass@example.org/x", "https://example.org/x"),
        ("HTTPS://me:pass@example.org", "HTTPS://example.org"),
        ("https:/me:pass@example.org/uv.lock", "https:/example.org/uv.lock"),
        ("fatal: 'https://me:pass@h/x': no", "fatal: 'https://h/x': no"),
        ('{"a": "https://me:pass@h", "b": 1}', '{"a": "https://h", "b": 1}'),
        ("https://a;https://me:pass@h", "https://a;https://h"),
        ("https://h/t.whl?X-Signature=abc&b=c#sha256=ab", "https://h/t.whl#sha256=ab"),
        ("https://h/t.tar.gz?token=abc", "https://h/t.tar.gz"),
        ("https://h/x#sha256=ab&token=abc&egg=x", "https://h/x#sha256=ab&egg=x"),
        ("https://h/x#token=abc", "https://h/x"),
        ("ssh://me:pass@h/x", "ssh://h/x"),
    ],
)
def test_secrets(text: str, expected: str) -> None:
    """Credentials, queries and unknown fragments are taken out of URLs."""
    assert expected == without_secrets(text)


@pytest.mark.parametrize(
    "text",
    [
        "no URL at all",
        "me@example.org, https://h/a@b",
        "git+ssh://git@h/x",
        "https://h:8080/a@b",
        "https://h/install#windows",
        "file:///home/me@work/x",
        "C:/me@work/x",
    ],
)
def test_no_secrets(text: str) -> None:
    """The user of ssh stays, which is no secret; so do ports, anchors, and paths with an @."""
    assert text == without_secrets(text)


@pytest.mark.once
@pytest.mark.parametrize("part", ["http://", "a-", "http:/a:b/", "a@", "http://u:", "?", "http://a?", "http://a#b="])
def test_hostile_text(part: str) -> None:
    """A text of two million characters takes linear time: the longest of quadratic time would take hours."""
    assert without_secrets(f"http://{part * (2_000_000 // len(part))}") is not None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("torch\x1b[31m", r"torch\x1b[31m"),
        ("\x9b31m \x7f \x00 \r", r"\x9b31m \x7f \x00 \r"),
        ("a\u202eb\u2066c\u200f", r"a\u202eb\u2066c\u200f"),
        ("a\udc80b", r"a\udc80b"),
        ("a\tb\nc", "a\tb\nc"),
        ("größer 😀", "größer 😀"),
        ("https://me:\x1b[31m@h", "https://h"),
    ],
)
def test_printable(text: str, expected: str) -> None:
    """What a terminal obeys, or cannot encode, is shown as an escape sequence of Python's."""
    assert expected == printable(text)
