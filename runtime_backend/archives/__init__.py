"""The results of builds: wheels, sdists, and the stamp in them."""
