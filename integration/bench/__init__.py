"""What the shim costs, measured side by side: ``python -m integration.bench`` or ``nox -s bench``."""
