"""The Trainer: the face over the front, which makes an image of a model, and the runner."""
