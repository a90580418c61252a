"""A build's output: forwarding, counting, storing and recording it, and finding the first errors in it."""
