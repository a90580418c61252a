"""The cache on this machine: its folder, locks on what is in it, folders of links, and removing what nobody uses."""
