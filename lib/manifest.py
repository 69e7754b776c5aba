# Freezes Ember into a firmware: include("lib/manifest.py") from a board's manifest.
metadata(version="0.1.0", description="Training of neural networks on microcontrollers", license="MIT")
package("ember")
