"""What is in the cache: which of it is damaged, and which of it nobody will use."""
