"""The parts that the library comes in: which module belongs to which. A firmware's manifest, what mip installs and
deploy take them by name; tools/ember_tools and lib/manifest.py read this file, boards never do.

A part is its modules, and stands on others, which come with it: at their top its modules import nothing that is not in
it or in those. What a module imports only where it is asked for may be missing.
"""

import ast
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent / "ember"
ALL = "all"
CORE = "core"

# Part: the parts that it stands on, and its modules.
PARTS = {
    # Programs that were made elsewhere: what runs, trains and saves them.
    "runtime": ((), (
        "__init__ blocks check checkpoint cost data derived executor fit image isa micro program progress running "
        "runtime schedule travel vm"
    )),
    # What goes with any training where it is asked for: slices, several inputs, callbacks, more schedules.
    "live": (("runtime",), (
        "binding callbacks components monitor needs probe schedule_more schedule_several slices weights"
    )),
    # An MLP that is made, trained, saved and asked on the board.
    "core": (("runtime",), (
        "batch build catalogue catalogue_more catalogue_most changed eager front image_names layout loss names nn "
        "nn_common nn_container nn_module nn_state ops ops_common ops_misfit ops_reduce ops_shape ops_unary optim "
        "optim_common optim_eager optim_view outside parameter plan plan_search plan_text predict recording release "
        "room sections sections_more sink tensor trainer update values"
    )),
    # What a Trainer does where it is asked to, and functions that are recorded.
    "trainer": (("explain", "live", "operations"), (
        "budget channels export function fused mapped moves nn_utils optim_average recompute several shaped "
        "update_more"
    )),
    "explain": ((CORE,), "disassemble explain fault kernels_bind plan_report table verify"),
    # The VM in Python, for a firmware that has none.
    "portable": (("explain",), (
        "kernels kernels_bfloat16 kernels_image kernels_index kernels_loss kernels_map kernels_normalize "
        "kernels_optimizers kernels_product kernels_random kernels_recurrent kernels_signal kernels_sum kernels_update"
    )),
    "operations": ((CORE,), (
        "ops_arrange ops_compare ops_create ops_hyperbolic ops_index ops_math ops_matrix ops_median ops_more ops_noise "
        "ops_order ops_pick ops_piecewise ops_slice ops_statistics ops_views ops_views_more ops_window ops_activation"
    )),
    "convolution": ((CORE,), "nn_conv nn_image nn_pool nn_resample ops_image ops_pool"),
    "recurrent": (("operations",), "nn_cell nn_lengths nn_recurrent ops_recurrent"),
    "attention": (("operations",), "nn_attention nn_norm ops_attention ops_norm"),
    "layers": (("operations",), "nn_activation nn_bilinear nn_embedding nn_init nn_init_draw nn_noise"),
    "losses": (("operations",), "loss_ctc loss_label loss_multi loss_pair loss_value ops_loss"),
    "optimizers": (("operations", "trainer"), (
        "optim_composed optim_descent optim_groups optim_layerwise optim_lbfgs optim_more optim_wolfe"
    )),
    "metrics": (("operations",), "metrics metrics_more"),
    "signal": (("operations",), "filters ops_biquad ops_fft ops_mel"),
    "functional": (("attention", "convolution", "layers", "losses"), "functional functional_loss"),
}  # fmt: skip


def modules(parts):
    """The modules of parts and of those that they stand on, sorted."""
    waiting, found = list(parts), set()
    while waiting:
        part = waiting.pop()
        if part == ALL:
            return every()
        if part not in PARTS:
            raise ValueError("there is no part %r; there are: %s, %s" % (part, ", ".join(PARTS), ALL))
        waiting += PARTS[part][0]
        found.update(PARTS[part][1].split())
    return sorted(found)


def every():
    """All modules of the library, sorted."""
    return sorted(path.stem for path in PACKAGE.glob("*.py"))


def imported(module):
    """(what a module imports of the package at its top, what it imports where it is asked for)"""
    tree, there = ast.parse((PACKAGE / (module + ".py")).read_text()), set(every())
    found = [], []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            names = [node.module] if node.module else [name.name for name in node.names]
            found[node not in tree.body].extend(name for name in names if name in there)
    return set(found[0]), set(found[1]) - set(found[0])
