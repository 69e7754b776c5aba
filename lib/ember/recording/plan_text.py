"""What a plan says of itself."""


def method(name):
    """What a plan is asked for."""
    if name == "parts":
        return parts
    if name in ("entries", "table", "save_svg"):
        from . import plan_report

        return plan_report.table_of if name == "table" else getattr(plan_report, name)
    raise AttributeError("a plan has no %r; it has parts(), entries(), table(), save_svg(path)" % name)


def parts(plan):
    """(what, bytes) line by line."""
    found = []
    for kind, _, size in plan.kept:
        found.append((kind, 4 * size))
    found.append(("activations", 4 * plan.activations))
    found.append(("program", 4 * plan.words))
    found.append(("constants, slots", 4 * (plan.constants + plan.floats + plan.ints)))
    return found


def text(plan):
    """What print(trainer.plan) says."""
    lines = ["%-18s %9s bytes" % ("memory plan", "")]
    for kind, size in parts(plan):
        lines.append("  %-16s %9d" % (kind, size))
    lines.append("  %-16s %9d  (arena %d)" % ("total", plan.total(), 4 * plan.arena))
    lines.append("  activations: %d buffers in %d bytes; the most live at once, the lower bound, is %d bytes"
                 % (plan.buffers, 4 * plan.activations, 4 * plan.lower_bound))  # fmt: skip
    here = ", %d µs here" % plan.longest_us if plan.longest_us else ""
    lines.append("  a run stops after any row, if it must; the longest costs %d multiply-accumulates%s"
                 % (plan.longest // 8, here))  # fmt: skip
    if plan.mapped:
        lines.append("  %d bytes of weights are read where they lie" % (4 * plan.mapped))
    if plan.budget:
        lines.append("  " + plan.budget)
    return "\n".join(lines)
