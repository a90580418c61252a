"""The source that a wrapper builds: finding it, asking it what it is, writing the wrapper."""
