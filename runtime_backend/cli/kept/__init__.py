"""Finding damaged and unused entries of the cache."""
