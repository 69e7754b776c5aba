# Freezes Ember into a firmware: include("lib/manifest.py", parts="core convolution") from a board's manifest, or with
# EMBER_PARTS in the environment. lib/parts.py says which parts there are, tools/ember_tools/onboard.py what of their
# modules a board has: fewer files, fewer names, and so less heap.
import os
import sys

metadata(version="0.1.0", description="Training of neural networks on microcontrollers", license="MIT")
options.defaults(parts=os.environ.get("EMBER_PARTS", "all"))
sys.path.insert(0, os.path.abspath("../tools"))
from ember_tools import onboard  # noqa: E402

folder, names = onboard.to_freeze(options.parts.split())
package("ember", files=[name + ".py" for name in names], base_path=folder)
