"""Finding distributions that were built for another runtime, and how to rebuild them."""
