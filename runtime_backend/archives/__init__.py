"""What builds leave: wheels, sdists, and the stamp in them."""
