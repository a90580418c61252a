"""Changing a package so that it declares the shim, or holds a copy of it."""
