"""Parsers for foreign formats: TOML, JSON, versions and requirements, pip's requirements files."""
