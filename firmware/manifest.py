# Freezes Ember beside what the board freezes anyway: make … FROZEN_MANIFEST=<this file>, for any port.
import os

# Where boards, or their ports, keep theirs. Only include() knows what the names stand for.
for theirs in ("$(BOARD_DIR)/manifest.py", "$(PORT_DIR)/boards/manifest.py", "$(PORT_DIR)/modules/manifest.py"):
    if os.path.exists(include.__self__._resolve_path(theirs)):
        include(theirs)
        break
include("../lib/manifest.py")
