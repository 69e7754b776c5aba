# Frozen: of Ember what runs a program, and what is done with it here.
package("ember", tuple("%s.py" % name for name in "__init__ program running runtime travel checkpoint fit".split()),
        base_path="../../lib")  # fmt: skip
freeze(".", ("learn.py", "start.py"))
