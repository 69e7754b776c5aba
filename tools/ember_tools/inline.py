"""Calls of functions that only hand on what they are given, written in place: `emit.count(sink, keep=1, add=1, n=2,
counter=x)` becomes `sink.emit(17, 1, 1, 2, x)`, so that a board pays nothing for the names."""

import ast
import collections

from .scopes import RewriteError

# What such a function calls on its first parameter, what it puts first, and its other parameters.
Handed = collections.namedtuple("Handed", "method first names")


def handed(source):
    """{function: Handed} of a module that has only such functions."""
    found = {}
    for node in source.tree.body:
        if isinstance(node, ast.FunctionDef):
            receiver, *names = [argument.arg for argument in node.args.args]
            call = node.body[0].value if len(node.body) == 1 else None
            if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute) or not call.args:
                raise RewriteError("%s.%s does more than to hand its arguments on" % (source.name, node.name))
            method, first = call.func.attr, ast.unparse(call.args[0])
            if ast.unparse(call) != "%s.%s(%s)" % (receiver, method, ", ".join([first, *names])):
                raise RewriteError("%s.%s does more than to hand its arguments on" % (source.name, node.name))
            found[node.name] = Handed(method, first, names)
    return found


def check(call, function):
    """RewriteError where arguments are not in the order of the parameters: that is the one in which they are made."""
    names, given = function.names, [k.arg for k in call.keywords]
    stars = [a for a in call.args if isinstance(a, ast.Starred)]
    plain = len(call.args) - len(stars) - 1 + len(given)
    fits = plain <= len(names) if stars else plain == len(names)
    if not call.args or call.args[0] in stars or not fits or given != names[len(names) - len(given) :]:
        said = ast.unparse(call.func), ", ".join(names)
        raise RewriteError("line %d: %s takes, in this order and the last by name, %s" % (call.lineno, *said))
    if not isinstance(call.args[0], (ast.Name, ast.Attribute, ast.Call)):
        raise RewriteError("line %d: %s of an expression" % (call.lineno, ast.unparse(call.func)))


def edits(call, function, span, content):
    """[(from, to, text)] that make such a call one of what it hands on to. span(node): where a node is in content. What
    is on a line of its own stays on it."""
    receiver = call.args[0]
    (start, _), (first, end) = span(call), span(receiver)
    lines = "\n" * (receiver.lineno - call.lineno)
    found = [(start, first, ""), (end, end, ".%s(%s%s" % (function.method, lines, function.first))]
    gone = [(start, first, ast.unparse(call.func) + "(")]
    for keyword in call.keywords:
        at, said = span(keyword)[0], keyword.arg + "="
        gone.append((at, at + len(said), said))
        found.append((at, at + len(said), ""))
    for first, last, said in gone:  # and nothing else goes, as a parenthesis or a comment
        if "".join(content[first:last].decode().split()) != said:
            raise RewriteError("line %d: %r is not understood" % (call.lineno, content[first:last].decode()))
    return found
