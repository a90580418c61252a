"""Reading what others write: TOML, JSON, versions and requirements, pip's requirements files."""
