# Frozen: of Ember what runs a program; what tools/microbit.py made, program and data; and what begins with them.
import os

package("ember", tuple("%s.py" % name for name in "__init__ program running runtime checkpoint fit".split()),
        base_path="../../lib")  # fmt: skip
freeze(".", "start.py")
freeze(os.environ["FROZEN"])
