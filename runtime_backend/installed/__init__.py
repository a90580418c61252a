"""What is installed: distributions, and which runtime one of them is."""
