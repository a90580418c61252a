"""Editables that rebuild themselves on import: their build environment is kept, and their imports are guarded."""
