"""The real backend: loading it and calling its hooks."""
