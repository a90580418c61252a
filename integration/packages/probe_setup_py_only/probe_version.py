"""Imported by setup.py from beside it, which works under legacy setuptools only."""

VERSION = "1.0"
