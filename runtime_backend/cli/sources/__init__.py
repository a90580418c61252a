"""The source that a wrapper builds: finding it, reading its metadata, writing the wrapper."""
