"""The runner, which trains an image whoever made it, and its parts. It knows nothing of models."""
