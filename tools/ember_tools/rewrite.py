"""What is done to the library's sources before they are compiled for a board: modules of text in, modules of text out.

Names of integers (`isa.MATMUL`, `WRITE`, and what is computed from them) are written in as literals, and what only
names them goes: an import, an assignment, a module. Modules that are always loaded together may be joined into one
file, whose names are then each other's, and whose functions have arguments of one letter. Calls of what only hands its
arguments on are written in place. All is edited in place, so that each statement stays on its line.
"""

import ast
import builtins
import collections
import operator

from .edit import Edit
from .flat import says_something
from .inline import handed
from .scopes import Either, Literal, Module, Named, RewriteError, Scan, Source, bound, defined, own

SHORT = 10  # characters of a string that counts as a name's value too: mpy-cross interns no longer ones
BUILTINS = frozenset(dir(builtins))
WORDS = "words"
SAID = "\n\ndef _said(k):\n    from .%s import ALL\n\n    return ALL[k]\n" % WORDS  # what stands for a message
OPERATORS = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.LShift: operator.lshift,
    ast.RShift: operator.rshift, ast.BitOr: operator.or_, ast.BitAnd: operator.and_,
}  # fmt: skip


class Package:
    """The modules of a package, {name: text}, and what is to become of them.

    joined   {file: names of the modules that lie in it, in the order in which they may run}
    public   modules that people use by name: their names stay, but for those with an underscore
    asked    {module: names} that are asked for from outside, and so keep their names when their module is joined
    given    {module: {name: value}} that is to be written in, whatever the module says
    inner    modules whose functions nobody outside the package calls, beside those that are joined
    never    a condition that does not hold on a board
    quiet    files whose long messages of errors lie in another one, words, which loads when one is raised
    inline   modules whose functions only hand their arguments on: calls are written in place, and the module goes
    """

    def __init__(self, texts, joined=None, public=(), asked=None, given=None, inner=(), never=None, quiet=(),
                 inline=()):  # fmt: skip
        self.sources = {name: Source(name, text) for name, text in texts.items()}
        self.joined, self.public, self.asked = joined or {}, public, dict(asked or {})
        self.file = {name: file for file, names in self.joined.items() for name in names}  # {module: where it lies}
        for name in set(public) & set(self.file):
            theirs = {own for own in defined(self.sources[name]) if own[0] != "_"}
            self.asked[name] = theirs.union(self.asked.get(name, ()))
        self.inner, self.never = {*self.file, *inner}, never
        self.quiet, self.words = quiet, {}  # {message: its place}
        self.values = {name: dict((given or {}).get(name, {})) for name in texts}  # {module: {name: value}}
        while self._evaluate():
            pass
        self.inline = {name: handed(self.sources[name]) for name in inline}
        scans = [Scan(self, source) for source in self.sources.values() if source.name not in inline]
        self.dynamic = {module for scan in scans for module in scan.bare}
        self.keywords = {name for scan in scans for name in scan.keywords}
        self.hidden = {name: "_%d" % k for k, name in enumerate(self._hidden())}  # {attribute: what it is called}
        self.texts = {}  # {file: what joined_texts() made of it}
        self.new = {}  # {(module, name): the name in the file that it is joined in}
        for file in self.joined:
            self._name_anew(file)

    # What is an integer.

    def _evaluate(self):
        """Finds values that follow from those that are known; whether there were any."""
        found = False
        for source in self.sources.values():
            known = self.values[source.name]
            names = source.imports = source.imports or self.imports(source.tree.body)
            for node in source.tree.body:
                if not isinstance(node, ast.Assign):
                    continue
                for target in node.targets:
                    for name, value in self._pairs(target, self._value(node.value, known, names)):
                        once = source.assigned[name] == 1 and name not in source.rebound
                        if once and name not in known and is_short(value):
                            known[name], found = value, True
        return found

    def _pairs(self, target, value):
        if isinstance(target, ast.Name):
            yield target.id, value
        elif isinstance(target, ast.Tuple) and isinstance(value, (tuple, range)) and len(value) == len(target.elts):
            for element, one in zip(target.elts, value):
                yield from self._pairs(element, one)

    def _value(self, node, known, names):
        """What an expression comes to, or None."""
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.Name):
            there = names.get(node.id)
            if isinstance(there, Named):
                return self.values[there.module].get(there.name)
            return known.get(node.id)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            there = names.get(node.value.id)
            there = self.meaning(there.name, node.attr) if isinstance(there, Module) else None
            return self.values[there.module].get(there.name) if isinstance(there, Named) else None
        if isinstance(node, ast.Tuple):
            return tuple([self._value(element, known, names) for element in node.elts])
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            value = self._value(node.operand, known, names)
            return -value if is_integer(value) else None
        if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
            a, b = self._value(node.left, known, names), self._value(node.right, known, names)
            return OPERATORS[type(node.op)](a, b) if is_integer(a) and is_integer(b) else None
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "range":
            values = [self._value(argument, known, names) for argument in node.args]
            return range(*values) if values and all(map(is_integer, values)) and not node.keywords else None
        return None

    # What names stand for.

    def imports(self, body):
        """{name: Named, Module or Either} of what these statements import from the package, functions in them apart."""
        found = {}
        for node in own(body):
            if isinstance(node, ast.ImportFrom) and node.level == 1:
                for alias in node.names:
                    meaning = self.meaning(node.module, alias.name)
                    if meaning is not None:
                        found.setdefault(alias.asname or alias.name, []).append(meaning)
        counts = collections.Counter(bound(body)) if found else {}
        sure = {name: len(set(said)) == 1 and counts[name] == len(said) for name, said in found.items()}
        return {name: said[0] if sure[name] else Either(tuple(said)) for name, said in found.items()}

    def meaning(self, module, name):
        """What `from .named import name` gives; without a module `from . import name`. None: that is not known."""
        if module is None:
            return Module(name) if name in self.sources else None
        if module not in self.sources:
            raise RewriteError("from .%s import %s: there is no such module" % (module, name))
        source = self.sources[module]
        if name in source.handed and source.assigned[name] == 1:
            return self.meaning(*source.handed[name])
        return Named(module, name)

    def handed(self, meaning, name):
        """The function of that name where it only hands its arguments on, or None."""
        if not isinstance(meaning, Module) or meaning.name not in self.inline:
            return None
        if name not in self.inline[meaning.name]:
            raise RewriteError("there is no %s in %s" % (name, meaning.name))
        return self.inline[meaning.name][name]

    def stand_for(self, meaning):
        """The same, where it is written as an integer."""
        if isinstance(meaning, Named) and meaning.name in self.values[meaning.module]:
            return Literal(self.values[meaning.module][meaning.name])
        return meaning

    def drops(self, module, name):
        """Whether a module no longer has a name, since it is written in wherever it is used."""
        if name not in self.values[module] or module in self.dynamic and module not in self.file:
            return False
        return module not in self.public or name[0] == "_" and name[:2] != "__"

    def _hidden(self):
        """Attributes that only their own classes use, as the house's rules have it: those of joined modules first."""
        found = {}
        for name in dict.fromkeys([*self.file, *self.sources]):
            for node in ast.walk(self.sources[name].tree):
                if isinstance(node, ast.ClassDef):
                    found.update(dict.fromkeys(bound(node.body)))
                elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                    found[node.attr] = None
        return [name for name in found if is_private(name)]

    # One module out of several.

    def _name_anew(self, file):
        """What nobody else uses is called by a number, what several modules of a file have, or Python itself, by its
        module too."""
        owners = collections.Counter()
        theirs = []
        for module in self.joined[file]:
            names = [n for n in defined(self.sources[module]) if not self.drops(module, n)]
            owners.update(names)
            theirs += [(module, name) for name in names]
        new = {}
        for module, name in theirs:
            private = is_private(name) and name not in self.asked.get(module, ())
            new[module, name] = "_%d" % sum(is_private(own) for _, own in new) if private else name
            if private:
                continue
            kept = name in self.asked.get(module, ())
            if name in BUILTINS and kept:
                raise RewriteError("%s.%s is asked for by name, and cannot be renamed" % (module, name))
            if not kept and (owners[name] > 1 or name in BUILTINS):
                new[module, name] = "%s_%s" % (module, name)
        if len(set(new.values())) < len(new):
            raise RewriteError("two names of the modules in %s would be the same" % file)
        self.new.update(new)

    def name_of(self, meaning):
        """What something is called in the file that its module is joined in."""
        if (meaning.module, meaning.name) not in self.new and meaning.module in self.public:
            return meaning.name  # its __getattr__ finds it
        if (meaning.module, meaning.name) not in self.new:
            raise RewriteError("there is no %s in %s" % (meaning.name, meaning.module))
        return self.new[meaning.module, meaning.name]

    def written(self):
        """{file: text} of the whole package. What only named integers is gone."""
        found = {}
        for name, source in self.sources.items():
            if name not in self.file and name not in self.inline:
                found[name] = Edit(self, source).text() + (SAID if name in self.quiet else "")
        for file in self.joined:
            found[file] = "".join(text for _, text in self.joined_texts(file)) + (SAID if file in self.quiet else "")
        if self.words:
            found[WORDS] = "ALL = (\n%s)\n" % "".join("    %r,\n" % text for text in self.words)
        return {name: text for name, text in found.items() if says_something(text)}

    def joined_texts(self, file):
        """[(module, its text in that file)], the first line of each says which module it is."""
        if file not in self.texts:
            taken = {}
            self.texts[file] = [(name, "# %s.py\n%s\n" % (name, Edit(self, self.sources[name], taken).text()))
                                for name in self.joined[file]]  # fmt: skip
        return self.texts[file]

    def place_of(self, text):
        """That of a message among all."""
        return self.words.setdefault(text, len(self.words))

    def where(self, file, line):
        """(module, line) of a line of such a file."""
        for name, text in self.joined_texts(file):
            lines = text.count("\n")
            if line <= lines:
                return name, line - 1
            line -= lines
        raise RewriteError("%s has no such line" % file)


def is_private(name):
    return name[0] == "_" and name[:2] != "__"


def is_integer(value):
    return isinstance(value, int) and not isinstance(value, bool)


def is_short(value):
    return is_integer(value) or isinstance(value, str) and len(value) <= SHORT
