"""The cache on this machine: its folder, locks on its content, folders of links, and removing unused content."""
