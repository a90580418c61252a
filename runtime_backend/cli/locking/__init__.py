"""Making build locks, and exporting them for frontends."""
