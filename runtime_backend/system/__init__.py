"""The machine: files, memory, platforms, signals, trust in files, and text that may be shown."""
