"""The catalogue, continued: the same lists, of what fewer people use. It loads where catalogue.py has no such name."""

OPERATIONS = " "

FUNCTIONS = " "

LAYERS = " "

OPTIMIZERS = " "
