"""Asking the frontend's own resolver by a dry run of the same command, once for all hooks of the command.

Nothing is imported here, because most decisions are proved without asking.
"""
