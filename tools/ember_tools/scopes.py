"""What a name stands for in a module of the library, at each place where it stands: rewrite.py asks."""

import ast
import collections

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)

# What a name stands for: a literal; a name of a module of the package; such a module; one of several, or something
# else; an argument that is called otherwise.
Literal = collections.namedtuple("Literal", "value")
Named = collections.namedtuple("Named", "module name")
Module = collections.namedtuple("Module", "name")
Either = collections.namedtuple("Either", "meanings")
Argument = collections.namedtuple("Argument", "name")


class RewriteError(Exception):
    """The library says something in a way that is not understood here."""


class Source:
    """A module, parsed."""

    def __init__(self, name, text):
        self.name, self.text = name, text
        self.tree = ast.parse(text)
        self.assigned = collections.Counter(bound(self.tree.body))
        self.imports = None  # what its names stand for, once that was found out
        self.handed = {alias.asname or alias.name: (node.module, alias.name) for node in self.tree.body
                       if isinstance(node, ast.ImportFrom) and node.level == 1 for alias in node.names}  # fmt: skip
        self.rebound = {name for node in ast.walk(self.tree) if isinstance(node, ast.Global) for name in node.names}

    def function_at(self, line):
        """The name of the innermost function or class there."""
        name, least = "<module>", None
        for node in ast.walk(self.tree):
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.lineno <= line <= node.end_lineno:
                if least is None or node.end_lineno - node.lineno < least:
                    name, least = node.name, node.end_lineno - node.lineno
        return name


def bound(body):
    """The names that statements bind in their own scope, as often as they do."""
    waiting = list(reversed(body))
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
            continue
        if isinstance(node, FUNCTIONS):
            continue
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.ExceptHandler) and node.name:
            yield node.name
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                yield (alias.asname or alias.name).split(".")[0]
        if isinstance(node, COMPREHENSIONS):
            waiting.append(node.generators[0].iter)
            continue
        waiting.extend(ast.iter_child_nodes(node))


def defined(source):
    """The names that a module defines, what it imports from the package apart, in order."""
    handed = set()
    for node in own(source.tree.body):
        if isinstance(node, ast.ImportFrom) and (node.level or node.module) or isinstance(node, ast.Import):
            handed.update((alias.asname or alias.name).split(".")[0] for alias in node.names)
    return [name for name in source.assigned if name not in handed]


def own(body):
    """The statements of a scope, in whatever blocks, those of functions and classes in it apart."""
    for node in body:
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            for block in ("body", "orelse", "finalbody"):
                yield from own(getattr(node, block, []) if isinstance(getattr(node, block, []), list) else [])
            for handler in getattr(node, "handlers", []):
                yield from own(handler.body)


def before(function):
    """What of a function is looked at where it is made: defaults and decorators."""
    arguments = function.args
    return [*arguments.defaults, *[d for d in arguments.kw_defaults if d], *getattr(function, "decorator_list", [])]


class Scoped(ast.NodeVisitor):
    """Walks a module and knows, at each name, what of the package it stands for."""

    def __init__(self, package, source):
        self.package, self.source = package, source
        self.scopes = [dict(self.own_names(), **source.imports)]

    def own_names(self):
        """What the module's own names stand for."""
        name = self.source.name
        return {own: Named(name, own) for own in self.source.assigned if own in self.package.values[name]}

    def look(self, name):
        """What a name stands for here: None if nothing of the package."""
        for scope in reversed(self.scopes):
            if name in scope:
                return self.package.stand_for(scope[name])
        return None

    def inside(self, names, nodes):
        """Visit nodes in a scope with these names."""
        self.scopes.append(names)
        for node in nodes:
            self.visit(node)
        self.scopes.pop()

    def function(self, node):
        for outer in before(node):
            self.visit(outer)
        self.function_body(node)

    visit_FunctionDef = visit_AsyncFunctionDef = visit_Lambda = function

    def function_body(self, node):
        a = node.args
        body = [node.body] if isinstance(node, ast.Lambda) else node.body
        given = [*a.posonlyargs, *a.args, *a.kwonlyargs, *[one for one in (a.vararg, a.kwarg) if one]]
        outside = {n for s in own(body) if isinstance(s, (ast.Global, ast.Nonlocal)) for n in s.names}
        names = {argument.arg: None for argument in given}
        names.update({name: None for name in bound(body) if name not in outside})
        names.update(self.package.imports(body))
        names.update(self.arguments(node))
        self.inside(names, body)

    def arguments(self, node):
        """{name: Argument} of those that are called otherwise."""
        return {}

    def visit_ClassDef(self, node):
        for outer in [*node.bases, *node.decorator_list]:
            self.visit(outer)
        names = {name: None for name in bound(node.body)}
        for statement in node.body:  # what a class binds its functions do not see
            if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
                self.inside(names, before(statement))
                self.function_body(statement)
            else:
                self.inside(names, [statement])

    def comprehension(self, node):
        self.visit(node.generators[0].iter)
        names = {n.id: None for g in node.generators for n in ast.walk(g.target) if isinstance(n, ast.Name)}
        rest = [part for g in node.generators for part in (g.target, *g.ifs)] + [g.iter for g in node.generators[1:]]
        rest += [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        self.inside(names, rest)

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = comprehension

    def handed(self, call):
        """The function that is called, where it only hands its arguments on, or None."""
        if not isinstance(call.func, ast.Attribute) or not isinstance(call.func.value, ast.Name):
            return None
        return self.package.handed(self.look(call.func.value.id), call.func.attr)

    def visit_Attribute(self, node):
        meaning = self.look(node.value.id) if isinstance(node.value, ast.Name) else None
        if isinstance(meaning, Module):
            self.attribute(node, meaning, self.package.stand_for(self.package.meaning(meaning.name, node.attr)))
        else:
            self.visit(node.value)

    def visit_Name(self, node):
        meaning = self.look(node.id)
        if meaning is not None:
            self.named(node, meaning)

    def visit_Import(self, node):
        pass

    visit_ImportFrom = visit_Import


class Scan(Scoped):
    """bare: modules that are used as values, and not only for their names. keywords: by which arguments are given."""

    def __init__(self, package, source):
        super().__init__(package, source)
        self.bare, self.keywords = set(), set()
        self.visit(source.tree)

    def visit_Call(self, node):
        if not self.handed(node):
            self.keywords.update([k.arg for k in node.keywords])
        self.generic_visit(node)

    def named(self, node, meaning):
        for one in meaning.meanings if isinstance(meaning, Either) else (meaning,):
            if isinstance(one, Module):
                self.bare.add(one.name)

    def attribute(self, node, module, meaning):
        pass
