"""Installed distributions, and the identity of a runtime among them."""
