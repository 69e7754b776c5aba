"""The device tests, by the VM that runs them."""

import re

import targets

SUITES = {
    "native": ("numbers", "ops", "trainer", "storage", "travel", "values", "digits"),
    "portable": ("numbers", "ops", "trainer", "storage", "travel", "values"),
}


def names(suite):
    return re.findall(r"^    def (test_\w+)", (targets.DEVICE / ("test_%s.py" % suite)).read_text(), re.MULTILINE)


def check_suite(run, suite, vm):
    """Every test of the file ran, and none failed."""
    ok, output = run("from ember import vm\nvm.select(%r)\nimport unittest\nunittest.main('test_%s')" % (vm, suite))
    assert ok, output
    assert int(re.search(r"Ran (\d+) test", output).group(1)) == len(names(suite))
    assert re.search(r"^OK$", output, re.MULTILINE), output  # on a board SystemExit is no error
