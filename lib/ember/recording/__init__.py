"""From what a function does to an image: recorded twice, planned in between."""
