"""The machine below: files, memory, platforms, signals, whom to trust, and text that may be shown."""
