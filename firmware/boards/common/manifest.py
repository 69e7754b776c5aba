# Frozen into every board's firmware; Ember's own manifest comes beside it.
freeze(".", "_boot.py")
