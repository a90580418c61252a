"""Which runtime a build is for: what is installed, locked or named, and what the frontend's command makes of it."""
