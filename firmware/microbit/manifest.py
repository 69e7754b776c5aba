# Frozen: of Ember what runs a program, and what is done with it here. opt=3: without the numbers of lines.
package(
    "ember",
    tuple("%s.py" % name for name in "__init__ program image executor blocks running runtime checkpoint fit".split()),
    base_path="../../lib",
    opt=3,
)
freeze(".", ("learn.py", "start.py"), opt=3)
