"""A module of the library as a board is to have it: the text, edited in place. rewrite.py says what is done."""

import ast
import collections

from . import inline
from .scopes import Argument, Either, Literal, Module, Named, RewriteError, Scoped, bound, defined

LONG = 24  # characters of a message that is worth a place of its own
# What arguments of the package's own functions are called in a joined file: each name takes room on a board.
LETTERS = "abcdefgkmnpqrstuvwxyz"


class Edit(Scoped):
    """A module's text with what stands for something else replaced. taken: {name: what it was imported as} of what
    joined modules import from elsewhere, each once; without it the module stays by itself."""

    def __init__(self, package, source, taken=None):
        self.joined, self.taken = taken is not None, taken
        self.file = package.file.get(source.name)
        self.beside = {new for (module, _), new in package.new.items() if package.file[module] == self.file}
        super().__init__(package, source)
        self.edits = []  # (from, to, text), in bytes
        self.lines = [line.encode() for line in source.text.splitlines(keepends=True)]
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line))
        self.depth = 0
        self.uses = collections.Counter()  # of modules' names, that stay
        self.imported, self.unsure = [], set()
        self.owners = {method: node.name for node in source.tree.body if isinstance(node, ast.ClassDef)
                       for method in node.body}  # fmt: skip

    def own_names(self):
        if not self.joined:
            return super().own_names()
        return {name: Named(self.source.name, name) for name in defined(self.source)}

    def text(self):
        for node in self.source.tree.body:
            self.statement(node)
        self.visit_imports()
        content = self.source.text.encode()
        for start, end, text in sorted(self.edits, reverse=True):
            content = content[:start] + text.encode() + content[end:]
        return content.decode()

    # Places in the text.

    def span(self, node):
        return (self.starts[node.lineno - 1] + node.col_offset, self.starts[node.end_lineno - 1] + node.end_col_offset)

    def replace(self, node, text):
        start, end = self.span(node)
        text += "\n" * (node.end_lineno - node.lineno) if isinstance(node, ast.stmt) else ""
        self.edits.append((start, end, text))

    # Names.

    def is_beside(self, meaning):
        """Whether it is a name of the same joined file."""
        return self.joined and isinstance(meaning, Named) and self.package.file.get(meaning.module) == self.file

    def named(self, node, meaning):
        if isinstance(meaning, Argument):
            self.replace(node, meaning.name)
        elif isinstance(meaning, (Module, Either)):
            self.refuse_inline(meaning)
            self.uses[node.id] += 1
            if isinstance(meaning, Either):
                self.unsure.add(node.id)
        elif isinstance(meaning, Literal):
            if isinstance(node.ctx, ast.Load):
                self.replace(node, literal(meaning.value))
        elif self.is_beside(meaning):
            new = self.package.name_of(meaning)
            if new != node.id:
                if any(new in scope for scope in self.scopes[1:]):
                    raise RewriteError("%s: %s is a local name there" % (self.source.name, new))
                self.replace(node, new)

    def refuse_inline(self, meaning):
        for one in meaning.meanings if isinstance(meaning, Either) else (meaning,):
            if isinstance(one, (Module, Named)) and getattr(one, "module", one.name) in self.package.inline:
                raise RewriteError("%s uses %s other than by calling its functions" % (self.source.name, one.name))

    def arguments(self, node):
        """Nobody outside the package calls such a function, and nobody in it says these by name. One that takes any
        keyword is handed some from outside."""
        if not isinstance(node, ast.FunctionDef) or not self.is_inner(node) or node.args.kwarg:
            return {}
        taken = {getattr(n, "id", getattr(n, "arg", None)) for n in ast.walk(node)} | set(bound(node.body))
        taken.update(m.name for scope in self.scopes for m in scope.values() if isinstance(m, Argument))
        letters, found = (letter for letter in LETTERS if letter not in taken), {}
        for argument in node.args.args:
            name = argument.arg
            if len(name) > 1 and name != "self" and name not in self.package.keywords:
                letter = next(letters, None)
                if letter:
                    start = self.starts[argument.lineno - 1] + argument.col_offset
                    self.edits.append((start, start + len(name), letter))
                    found[name] = Argument(letter)
        return found

    def is_inner(self, node):
        asked = self.package.asked.get(self.source.name, ())
        if node in self.source.tree.body:
            return self.source.name in self.package.inner and node.name not in asked
        if not self.joined:
            return False
        owner = self.owners.get(node)
        return owner not in asked or node.name[0] == "_" and node.name not in ("__init__", "__call__")

    def attribute(self, node, module, meaning):
        self.refuse_inline(module)
        if isinstance(meaning, Literal):
            self.replace(node, literal(meaning.value))
        elif isinstance(meaning, Named) and meaning.module in self.package.file:
            if self.is_beside(meaning):
                if not isinstance(node.ctx, ast.Load):
                    raise RewriteError("%s sets %s.%s" % (self.source.name, module.name, node.attr))
                self.replace(node, self.package.name_of(meaning))
            else:
                self.uses[node.value.id] += 1
                start, end = self.span(node)
                self.edits.append((start, end, "%s.%s" % (node.value.id, self.package.name_of(meaning))))
        elif isinstance(meaning, Module):
            raise RewriteError("%s: %s.%s is a module" % (self.source.name, node.value.id, node.attr))
        else:
            self.uses[node.value.id] += 1

    def visit_Call(self, node):
        function = self.handed(node)
        if not function:
            return self.generic_visit(node)
        inline.check(node, function)
        self.edits += inline.edits(node, function, self.span, self.source.text.encode())
        for argument in [*node.args, *[k.value for k in node.keywords]]:
            self.visit(argument)

    def visit_Attribute(self, node):
        if node.attr in self.package.hidden:
            end = self.span(node)[1]
            self.edits.append((end - len(node.attr), end, self.package.hidden[node.attr]))
        super().visit_Attribute(node)

    def visit_ClassDef(self, node):
        hidden, own = self.package.hidden, set(bound(node.body))
        for statement in node.body:
            if isinstance(statement, ast.FunctionDef):
                if statement.name in hidden:
                    start = self.starts[statement.lineno - 1] + statement.col_offset + len("def ")
                    self.edits.append((start, start + len(statement.name), hidden[statement.name]))
                continue
            for name in ast.walk(statement):
                if isinstance(name, ast.Name) and name.id in own & set(hidden):
                    self.edits.append((*self.span(name), hidden[name.id]))
        super().visit_ClassDef(node)

    def generic_visit(self, node):
        for child in ast.iter_child_nodes(node):
            self.statement(child) if isinstance(child, ast.stmt) else self.visit(child)

    def inside(self, names, nodes):
        self.scopes.append(names)
        self.depth += 1
        for node in nodes:
            self.statement(node) if isinstance(node, ast.stmt) else self.visit(node)
        self.depth -= 1
        self.scopes.pop()

    # Statements.

    def statement(self, node):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            self.imported.append((node, self.depth == 0 and node in self.source.tree.body))
        elif isinstance(node, ast.Assign) and self.depth == 0 and self.goes(node):
            self.replace(node, "")
        elif isinstance(node, ast.If) and not node.orelse and ast.unparse(node.test) == self.package.never:
            self.replace(node, "" if node in self.source.tree.body else "pass")
        elif isinstance(node, ast.Raise) and (self.file or self.source.name) in self.package.quiet:
            self.hush(node)
            self.visit(node)
        elif isinstance(node, ast.Global) and self.joined:
            self.replace(node, "global " + ", ".join(self.package.new[self.source.name, n] for n in node.names))
        else:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and self.joined and self.depth == 0:
                self.rename(node)
            self.visit(node)

    def hush(self, node):
        """Put its messages elsewhere."""
        for text in ast.walk(node):
            if isinstance(text, ast.Constant) and isinstance(text.value, str) and len(text.value) > LONG:
                start, end = self.span(text)
                said = "_said(%d)" % self.package.place_of(text.value) + "\n" * (text.end_lineno - text.lineno)
                self.edits.append((start, end, said))

    def goes(self, node):
        """Whether an assignment only names what is written in."""
        names = [n.id for t in node.targets for n in ast.walk(t) if isinstance(n, ast.Name)]
        return all(self.package.drops(self.source.name, name) for name in names)

    def rename(self, node):
        new = self.package.new[self.source.name, node.name]
        if new != node.name:
            start = self.starts[node.lineno - 1] + node.col_offset
            start += len("class ") if isinstance(node, ast.ClassDef) else len("def ")
            self.edits.append((start, start + len(node.name), new))

    def visit_imports(self):
        for node, alone in self.imported:
            kept = []
            for alias in node.names:
                kept += self.keep(node, alias, alone)
            if kept == [part(node, alias) for alias in node.names]:
                continue
            text = "; ".join(line for line in gathered(kept))
            self.replace(node, text or ("" if alone else "pass"))

    def keep(self, node, alias, alone):
        """[(where from, name, as what)] of what an import still says."""
        package, said, left = self.package, alias.asname or alias.name, part(node, alias)
        if isinstance(node, ast.ImportFrom) and node.level:
            meaning = package.stand_for(package.meaning(node.module, alias.name))
            inside = self.is_beside(meaning)
            if isinstance(meaning, Named):
                self.refuse_inline(meaning)
            if said in self.unsure and (inside or isinstance(meaning, Literal)):  # where else it may be something else
                return [
                    ("", literal(meaning.value) if isinstance(meaning, Literal) else package.name_of(meaning), said)
                ]
            if inside or isinstance(meaning, Literal) or isinstance(meaning, Module) and not self.uses[said]:
                return []
            if isinstance(meaning, Module) and meaning.name in package.file:
                left = ".", package.file[meaning.name], said
            elif isinstance(meaning, Named) and meaning.module in package.file:
                left = "." + package.file[meaning.module].replace("__init__", ""), package.name_of(meaning), said
        if not self.joined or not alone:
            return [left]
        if said in self.beside or self.taken.get(said, left) != left:
            raise RewriteError(
                "%s means one thing in %s and another in what it is joined with" % (said, self.source.name)
            )
        new = said not in self.taken
        self.taken[said] = left
        return [left] if new else []


def part(node, alias):
    """(where from, name, as what) of an import."""
    if isinstance(node, ast.Import):
        return None, alias.name, alias.asname or alias.name
    return "." * node.level + (node.module or ""), alias.name, alias.asname or alias.name


def gathered(parts):
    """Statements that import (where from, name, as what), or assign where it is from nowhere."""
    homes = {}
    for home, name, said in parts:
        text = name if name == said else "%s as %s" % (name, said)
        if home:
            homes.setdefault(home, []).append(text)
        else:
            yield "import " + text if home is None else "%s = %s" % (said, name)
    for home, texts in homes.items():
        yield "from %s import %s" % (home, ", ".join(texts))


def literal(value):
    """A value as text that means the same wherever a name stood."""
    return "(%r)" % value if isinstance(value, int) and value < 0 else repr(value)
