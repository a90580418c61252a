"""What a build prints: passed on, counted, kept, recorded, and its first errors."""
