"""As much of CPython's unittest as the device tests use, for boards that have none. The report reads like `-v`."""

import sys


class _Raises:
    def __init__(self, kind):
        self.kind, self.exception = kind, None

    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        if kind is None:
            raise AssertionError("%s was not raised" % self.kind.__name__)
        self.exception = error
        return issubclass(kind, self.kind)


class TestCase:
    def setUp(self):
        pass

    def tearDown(self):
        pass

    def assertTrue(self, value, message=None):
        if not value:
            raise AssertionError(message or "%r is not true" % (value,))

    def assertEqual(self, found, expected, message=None):
        if found != expected:
            raise AssertionError("%s%r is not %r" % (message + ": " if message else "", found, expected))

    def assertNotEqual(self, found, other):
        if found == other:
            raise AssertionError("both are %r" % (found,))

    def assertAlmostEqual(self, found, expected, delta, msg=None):
        if found != expected and not abs(found - expected) <= delta:  # a NaN is near nothing
            raise AssertionError("%s%r is not within %r of %r" % (msg + ": " if msg else "", found, delta, expected))

    def assertIn(self, part, whole):
        if part not in whole:
            raise AssertionError("%r is not in %r" % (part, whole))

    def assertRaises(self, kind):
        return _Raises(kind)


def main(name):
    """Run the tests of the module called so; raises SystemExit(1) if any of them fails."""
    module = __import__(name)
    run = failed = 0
    for case in sorted(dir(module)):
        case = getattr(module, case)
        if not isinstance(case, type) or not issubclass(case, TestCase) or case is TestCase:
            continue
        for test in sorted([t for t in dir(case) if t.startswith("test_")]):
            instance = case()
            verdict, error = "ok", None
            try:
                instance.setUp()
                try:
                    getattr(instance, test)()
                finally:
                    instance.tearDown()
            except Exception as e:
                verdict, error = ("FAIL" if isinstance(e, AssertionError) else "ERROR"), e
                failed += 1
            print("%s (%s.%s) ... %s" % (test, name, case.__name__, verdict))
            if error:
                sys.print_exception(error)
            run += 1
    print("Ran %d tests" % run)
    print("FAILED (%d)" % failed if failed else "OK")
    if failed or not run:
        raise SystemExit(1)
