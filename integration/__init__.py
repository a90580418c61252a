"""The whole product under real frontends: ``python -m pytest integration``."""
