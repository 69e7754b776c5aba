"""Generates what the type stubs repeat of the catalogue (lib/ember/base/catalogue.py): operations are methods of Tensor
and functions of ember and of functional, layers are found in nn, optimizers in optim. Their signatures stand in the
stubs of their modules.

python tools/stubs.py            writes it
python tools/stubs.py --check    exits with 1 where it is not current
"""

import ast
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "lib"))

from ember.base import catalogue  # noqa: E402
from ember_tools.catalogue import listed  # noqa: E402
from ember_tools.catalogue import parts as parts_of  # noqa: E402
from ember_tools.flat import PARTS  # noqa: E402

STUBS = ROOT / "lib" / "typings" / "ember"
BEGIN, END = "# made by tools/stubs.py: begin\n", "# end\n"


def stub(module):
    """The file that has a module's types."""
    return (STUBS / PARTS["file"](module)).with_suffix(".pyi")


def functions(module):
    """The signatures in a module's stub."""
    tree = ast.parse((stub(module)).read_text())
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}


def method(name, node):
    """A function as a method: its first argument is the tensor."""
    arguments = node.args
    first = (arguments.posonlyargs + arguments.args)[0]
    first.arg, first.annotation = "self", None
    written = re.sub(r"(: [^=]+)=", r"\1 = ", ast.unparse(arguments)).replace("'", '"')
    return "    def %s(%s) -> %s: ..." % (name, written, ast.unparse(node.returns))


def methods():
    lines = ["class _Operations:"]
    for module, names in parts_of(listed("OPERATIONS")):
        found = functions(module)
        lines += [method(name, found[name]) for name in names]
    return "\n".join(lines) + "\n\n"


def imports(*kinds):
    lists = parts_of(listed(*kinds))
    found = [(module, not name.isupper(), name) for module, names in lists for name in names]
    return "".join(
        "from %s import %s as %s\n" % (".".join(["ember", module]), name, name) for module, _, name in sorted(found)
    )


def generated():
    """{path: its text as it should be}"""
    operations = imports("OPERATIONS", "FUNCTIONS") + "\n"
    operations += "".join("%s = Tensor.%s\n" % (name, name) for name in catalogue.OPERATORS.split())
    parts = {"tensors.tensor": methods(), "__init__": operations, "nn": imports("LAYERS"),
             "optim": imports("OPTIMIZERS"), "functional": imports("OPERATIONS", "FUNCTIONS")}  # fmt: skip
    made = {}
    for name, text in parts.items():
        path = stub(name)
        head, rest = path.read_text().split(BEGIN)
        made[path] = head + BEGIN + text + END + rest.split(END, 1)[1]
    return made


def main():
    stale = {path: text for path, text in generated().items() if path.read_text() != text}
    for path, text in stale.items():
        if "--check" in sys.argv:
            print("%s is not current: make generate" % path.relative_to(ROOT))
        else:
            path.write_text(text)
    return 1 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
