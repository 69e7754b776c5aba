"""Seeded faults in the gradient rules of the op table: which code is a gradient rule, and its mutants.

A rule is what a row of the table gives for its gradient: a function named grad or *_grad, a slope, an argument of
a builder of rows, and the helpers that nothing else uses. A mutant differs from it at one place.
"""

import ast
import copy

from conftest import ROOT

ROLES = {"shape", "emit", "values", "write", "fn"}  # parameters of builders of rows that are not of the gradient
TURNED = {"COPY_FN": "NEG_FN", "NEG_FN": "COPY_FN", "ADD_FN": "SUB_FN", "SUB_FN": "ADD_FN", "MUL_FN": "DIV_FN",
          "DIV_FN": "MUL_FN", "MAXIMUM_FN": "MINIMUM_FN", "MINIMUM_FN": "MAXIMUM_FN", "RELU_GRAD": "TANH_GRAD",
          "TANH_GRAD": "SIGMOID_GRAD", "SIGMOID_GRAD": "TANH_GRAD", "SQRT_GRAD": "TANH_GRAD"}  # fmt: skip
OPERATORS = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult}
COMMUTE = ("MUL_FN", "ADD_FN", "EQ_FN", "MAXIMUM_FN", "MINIMUM_FN")


def names_in(node):
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} | {
        n.attr for n in ast.walk(node) if isinstance(n, ast.Attribute)
    }


def is_rule(name):
    return name == "grad" or name.endswith(("_grad", "_slope"))


class Source:
    """The modules of operations as syntax trees: {module: tree}."""

    def __init__(self, paths=None):
        paths = sorted((ROOT / "lib" / "ember").glob("ops*.py")) if paths is None else paths
        self.trees = {path.stem: ast.parse(path.read_text()) for path in paths}
        self.functions, self.rows, self.builders = {}, {}, {}
        for module, tree in self.trees.items():
            for node in tree.body:
                if isinstance(node, ast.FunctionDef):
                    self.functions[node.name] = (module, node)
                elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
                    for target in node.targets:
                        if isinstance(target, ast.Name) and target.id.isupper():
                            self.rows[target.id] = (module, node.value)

    def gradient_arguments(self, call):
        """The arguments of a row that are of its gradient, as (holder, index or keyword) to be written to."""
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        parameters = ["shape", "emit", "grad", "values"]
        if name in self.functions:
            arguments = self.functions[name][1].args
            parameters = [a.arg for a in arguments.args]
            parameters += [arguments.vararg.arg] * 9 if arguments.vararg else []
        found = [a for a, p in zip(call.args, parameters) if p not in ROLES]
        return found + [k.value for k in call.keywords if k.arg not in ROLES]

    def reach(self, names):
        """The functions of these names, those which they use, and so on; not by way of rows."""
        found, waiting = set(), [n for n in names if n in self.functions]
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += [n for n in names_in(self.functions[name][1]) if n in self.functions]
        return found

    def rules(self):
        """[(module, name, node)] of all code that is a gradient rule."""
        roots, forward, inner = set(), set(), []
        for _, call in self.rows.values():
            gradient = self.gradient_arguments(call)
            for a in gradient:
                roots |= {n for n in names_in(a) if n in self.functions}
            for a in call.args + [k.value for k in call.keywords]:
                if not any(a is b for b in gradient):
                    forward |= names_in(a)
        for name, (module, node) in self.functions.items():
            nested = [n for n in ast.walk(node) if isinstance(n, ast.FunctionDef) and n is not node]
            grads = [n for n in nested if is_rule(n.name)]
            inner += [(module, name + "." + n.name, n) for n in grads]
            for n in grads:
                roots |= {m for m in names_in(n) if m in self.functions}
            if is_rule(name) and not grads:
                roots.add(name)
            elif not name.startswith("_") and name not in ("contribute", "hand_on", "into_grad", "summed_grad",
                                                           "grad_of_part"):  # fmt: skip
                forward.add(name)
        rules = self.reach(roots) - self.reach(forward)
        rules |= {n for n in self.functions if is_rule(n) and n in roots}
        found = [(self.functions[n][0], n, self.functions[n][1]) for n in sorted(rules)] + inner
        for name, (module, call) in self.rows.items():
            if self.gradient_arguments(call):
                found.append((module, name, call))
        return found

    def rows_of(self, rule):
        """The rows that a rule may be part of."""
        name = rule.split(".")[0]
        if name in self.rows:
            return {name}
        found = set()
        for row, (_, call) in self.rows.items():
            if name in self.reach(names_in(call)):
                found.add(row)
        return found


def places(source, rule):
    """The expressions and statements of a rule in which to look for faults."""
    if isinstance(rule, ast.Call):
        return source.gradient_arguments(rule)
    return rule.body


def _set(parent, field, index, value):
    if index is None:
        setattr(parent, field, value)
    else:
        getattr(parent, field)[index] = value


def edits(node):
    """(what kind, replacement) of each fault that this node may have."""
    if isinstance(node, ast.BinOp):
        if type(node.op) in OPERATORS:
            changed = copy.copy(node)
            changed.op = OPERATORS[type(node.op)]()
            yield "operator", changed
            yield "drop", node.left
            yield "drop", (ast.UnaryOp(ast.USub(), node.right) if isinstance(node.op, ast.Sub) else node.right)
        if isinstance(node.op, (ast.Sub, ast.Div)):
            changed = copy.copy(node)
            changed.left, changed.right = node.right, node.left
            yield "swap", changed
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield "sign", node.operand
    elif isinstance(node, (ast.Name, ast.Attribute)):
        name = node.id if isinstance(node, ast.Name) else node.attr
        if name in TURNED:
            turned = copy.copy(node)
            setattr(turned, "id" if isinstance(node, ast.Name) else "attr", TURNED[name])
            yield "function", turned
        elif name in ("into", "INTO_ADD") and isinstance(node.ctx, ast.Load):
            yield "into", ast.Constant(0)
        elif name == "WRITE":
            yield "into", ast.Constant(1)
    elif isinstance(node, ast.Constant):
        if isinstance(node.value, bool):
            yield "constant", ast.Constant(not node.value)
        elif isinstance(node.value, (int, float)):
            yield "constant", ast.Constant(node.value + 1)
    elif isinstance(node, ast.Call):
        first = ast.unparse(node.args[0]).split(".")[-1] if node.args else ""
        for i in range(len(node.args) - 1):
            if first in COMMUTE and i == 2 and getattr(node.func, "attr", "") == "map":
                continue  # a * b is b * a
            if ast.dump(node.args[i]) != ast.dump(node.args[i + 1]):
                changed = copy.copy(node)
                changed.args = list(node.args)
                changed.args[i], changed.args[i + 1] = node.args[i + 1], node.args[i]
                yield "swap", changed
    elif isinstance(node, (ast.Expr, ast.AugAssign)) and not isinstance(getattr(node, "value", None), ast.Constant):
        yield "drop", ast.Pass()


def spots(root):
    """(parent, field, index, node) of all below root, but for docstrings and messages of errors."""
    for field, value in ast.iter_fields(root):
        for index, node in enumerate(value) if isinstance(value, list) else ((None, value),):
            if isinstance(node, ast.AST) and not isinstance(node, (ast.Raise, ast.ImportFrom, ast.arguments)):
                yield root, field, index, node
                yield from spots(node)


class Mutant:
    """One fault: apply() writes it into the syntax tree, undo() takes it out."""

    def __init__(self, module, rule, node, kind, spot, replacement):
        self.module, self.rule, self.node, self.kind = module, rule, node, kind
        self.spot, self.replacement = spot, replacement
        self.line = getattr(spot[3], "lineno", 0)
        before, after = ast.unparse(spot[3]), ast.unparse(ast.fix_missing_locations(copy.deepcopy(replacement)))
        self.key = " ".join(("%s.%s: %s → %s" % (module, rule, before, after)).split())

    def apply(self):
        _set(*self.spot[:3], ast.copy_location(self.replacement, self.spot[3]))

    def undo(self):
        _set(*self.spot)


def mutants(source):
    """All of them, each with a key of its own that does not depend on line numbers."""
    found, seen = [], {}
    for module, name, rule in source.rules():
        inside = places(source, rule)
        for spot in spots(rule):
            if spot[0] is rule and not any(spot[3] is place for place in inside):
                continue
            top = spot
            if isinstance(rule, ast.Call) and not any(top[3] is n for place in inside for n in ast.walk(place)):
                continue
            for kind, replacement in edits(spot[3]):
                mutant = Mutant(module, name, rule, kind, spot, replacement)
                again = seen[mutant.key] = seen.get(mutant.key, 0) + 1
                mutant.key += " (%d)" % again if again > 1 else ""
                found.append(mutant)
    return found
