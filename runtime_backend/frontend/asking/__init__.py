"""Asking the frontend's own resolver: a dry run of the same command, once for all hooks that it calls.

Nothing is imported here: most commands prove that nothing moves, and ask nothing.
"""
