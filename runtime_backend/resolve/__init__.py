"""Finding the runtime for a build: installed, locked or named, and then changed or kept by the frontend's command."""
