"""Reading a package that was not written for us: what it requires, and whether it is built against torch."""
