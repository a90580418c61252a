"""Commands on the wheel store: what is there, why a wheel was found or not, and exchange with a remote store."""
