"""Loading the real backend and calling its hooks."""
