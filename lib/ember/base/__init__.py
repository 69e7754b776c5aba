"""What everything stands on: the checks of arguments, and where names live."""
