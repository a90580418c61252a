"""Changing a package so that it declares the shim, or contains a copy of it."""
