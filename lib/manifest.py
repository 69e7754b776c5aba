# Freezes Ember into a firmware: include("lib/manifest.py", parts="core convolution") from a board's manifest, or with
# EMBER_PARTS in the environment. lib/parts.py says which parts there are.
import os
import runpy

metadata(version="0.1.0", description="Training of neural networks on microcontrollers", license="MIT")
options.defaults(parts=os.environ.get("EMBER_PARTS", "all"))
parts = runpy.run_path("parts.py")
package("ember", files=[parts["file"](module) for module in parts["modules"](options.parts.split())])
