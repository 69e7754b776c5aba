"""What a runner does now and then, while it has the mark: see alone.py."""


def evaluate(runner, batches, metrics=()):
    from .fit import evaluate

    return evaluate(runner, batches, metrics)


def save(runner, path, half=False, budget_us=None):
    from .checkpoint import save
    from .finite import check

    runner.idle()
    check(runner)
    return save(runner, path, half, budget_us)


def load(runner, path, weights_only=False, strict=True):
    if runner.swapped:
        runner.swapped.refuse()
    if weights_only:
        from .named import load_named

        runner.idle()
        return load_named(runner, path, strict)
    from .restore import load

    return load(runner, path)


def resume(runner, path, data=None):
    from .restore import resume

    if runner.swapped:
        runner.swapped.refuse()
    return resume(runner, path, data)
