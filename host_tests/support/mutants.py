"""Seeded faults in the gradient rules of the op table: which code is a gradient rule, and its mutants.

A rule is what a row of the table gives for its gradient: a function named grad or *_grad, a slope, an argument of
a builder of rows, and the helpers that nothing else uses. A mutant differs from it at one place.
"""

import ast
import copy

from checkout import ROOT

ROLES = {"shape", "emit", "values", "write", "fn"}  # parameters of builders of rows that are not of the gradient
TURNED = {"COPY_FN": "NEG_FN", "NEG_FN": "COPY_FN", "ADD_FN": "SUB_FN", "SUB_FN": "ADD_FN", "MUL_FN": "DIV_FN",
          "DIV_FN": "MUL_FN", "MAXIMUM_FN": "MINIMUM_FN", "MINIMUM_FN": "MAXIMUM_FN", "RELU_GRAD": "TANH_GRAD",
          "TANH_GRAD": "SIGMOID_GRAD", "SIGMOID_GRAD": "TANH_GRAD", "SQRT_GRAD": "TANH_GRAD"}  # fmt: skip
OPERATORS = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult}
COMMUTE = ("MUL_FN", "ADD_FN", "EQ_FN", "MAXIMUM_FN", "MINIMUM_FN")


# Functions without an underscore that are for gradients alone.
HELPERS = ("contribute", "grad_of_part", "hand_on", "into_grad", "summed_grad")


def names_in(node):
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} | {
        n.attr for n in ast.walk(node) if isinstance(n, ast.Attribute)
    }


def is_rule(name):
    return name == "grad" or name.endswith(("_grad", "_slope"))


class Source:
    """The modules of operations as syntax trees. Functions and rows are known by (module, name)."""

    def __init__(self, paths=None):
        paths = sorted((ROOT / "lib" / "ember").glob("ops/*.py")) if paths is None else paths
        self.trees = {"ops." + path.stem: ast.parse(path.read_text()) for path in paths}
        self.functions, self.rows, self.uses, self.reached = {}, {}, {}, {}
        for module, tree in self.trees.items():
            for node in tree.body:
                if isinstance(node, ast.FunctionDef):
                    self.functions[module, node.name] = node
                elif isinstance(node, ast.Assign):
                    self._find_rows(module, node.targets[0], node.value)
        self.homes = {}
        for key in self.functions:
            self.homes.setdefault(key[1], []).append(key)

    def _find_rows(self, module, target, value):
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            for t, v in zip(target.elts, value.elts):
                self._find_rows(module, t, v)
        elif isinstance(target, ast.Name) and target.id.isupper() and isinstance(value, ast.Call):
            self.rows[module, target.id] = value

    def used(self, module, node):
        """The functions that code in a module names: the module's own, else whoever has one of that name."""
        found = set()
        for name in names_in(node):
            found.update([(module, name)] if (module, name) in self.functions else self.homes.get(name, ()))
        return found

    def gradient_arguments(self, module, call):
        """The arguments of a row that are of its gradient."""
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        parameters = ["shape", "emit", "grad", "values"]
        for key in self.used(module, call.func):
            if key[1] == name:
                arguments = self.functions[key].args
                parameters = [a.arg for a in arguments.args]
                parameters += [arguments.vararg.arg] * 9 if arguments.vararg else []
        found = [a for a, p in zip(call.args, parameters) if p not in ROLES]
        return found + [k.value for k in call.keywords if k.arg not in ROLES]

    def reach(self, keys):
        """These functions, those which they use, and so on; not by way of rows."""
        found, waiting = set(), list(keys)
        while waiting:
            key = waiting.pop()
            if key not in found:
                found.add(key)
                if key not in self.uses:
                    self.uses[key] = self.used(key[0], self.functions[key])
                waiting += self.uses[key]
        return found

    def rules(self):
        """[(module, name, node)] of all code that is a gradient rule."""
        roots, forward, inner = set(), set(), []
        for (module, _), call in self.rows.items():
            gradient = self.gradient_arguments(module, call)
            for a in gradient:
                roots |= self.used(module, a)
            for a in call.args:
                if not any(a is b for b in gradient):
                    forward |= self.used(module, a)
        for (module, name), node in self.functions.items():
            nested = [n for n in ast.walk(node) if isinstance(n, ast.FunctionDef) and n is not node]
            grads = [n for n in nested if is_rule(n.name)]
            inner += [(module, name + "." + n.name, n) for n in grads]
            for n in grads:
                roots |= self.used(module, n)
            if is_rule(name) and not grads:
                roots.add((module, name))
            elif not name.startswith("_") and name not in HELPERS:
                forward.add((module, name))
        rules = self.reach(roots) - self.reach(forward) | {key for key in roots if is_rule(key[1])}
        found = [(*key, self.functions[key]) for key in sorted(rules)] + inner
        return found + [(*key, call) for key, call in self.rows.items() if self.gradient_arguments(key[0], call)]

    def rows_of(self, module, rule):
        """The rows that a rule may be part of, by name."""
        name = rule.split(".")[0]
        if (module, name) in self.rows:
            return {name}
        if not self.reached:
            self.reached = {row: self.reach(self.used(home, call)) for (home, row), call in self.rows.items()}
        return {row for row, reached in self.reached.items() if (module, name) in reached}


def places(source, module, rule):
    """The expressions and statements of a rule in which to look for faults."""
    if isinstance(rule, ast.Call):
        return source.gradient_arguments(module, rule)
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
            large = abs(node.value) > 1000  # such as those of a quotient that is rounded to float32
            yield "constant", ast.Constant(node.value * 2 if large else node.value + 1)
    elif isinstance(node, ast.Call):
        first = ast.unparse(node.args[0]).split(".")[-1] if node.args else ""
        for i in range(len(node.args) - 1):
            if first in COMMUTE and i == 2 and getattr(node.func, "attr", "") == "map":
                continue  # a * b is b * a
            if getattr(node.func, "attr", getattr(node.func, "id", "")) in ("eq", "maximum", "minimum"):
                continue
            if ast.dump(node.args[i]) != ast.dump(node.args[i + 1]):
                changed = copy.copy(node)
                changed.args = list(node.args)
                changed.args[i], changed.args[i + 1] = node.args[i + 1], node.args[i]
                yield "swap", changed
    elif isinstance(node, (ast.Expr, ast.AugAssign)) and not isinstance(getattr(node, "value", None), ast.Constant):
        yield "drop", ast.Pass()


def spots(root, only=None):
    """(parent, field, index, node) of all below root, but for errors and their messages; only: in these of its own."""
    for field, value in ast.iter_fields(root):
        for index, node in enumerate(value) if isinstance(value, list) else ((None, value),):
            if only is not None and not any(node is place for place in only):
                continue
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
        inside = places(source, module, rule)
        for spot in spots(rule, inside):
            for kind, replacement in edits(spot[3]):
                mutant = Mutant(module, name, rule, kind, spot, replacement)
                again = seen[mutant.key] = seen.get(mutant.key, 0) + 1
                mutant.key += " (%d)" % again if again > 1 else ""
                found.append(mutant)
    return found
