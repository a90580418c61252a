"""Finding the target and the consumer through the frontend's process."""
