"""Ember's command line on the host: build/venv/bin/python -m ember_tools --help."""
