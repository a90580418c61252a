"""What was built for another runtime, and how it is built again."""
