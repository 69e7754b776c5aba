"""x[…] and x[…] = value where a list or a tensor names elements: positions, or a mask.

    x[[0, 2]], x[:, index]     positions along one dimension: whole numbers, from the end where below zero
    x[mask], x[:, mask]        what is not 0, or a list of True and False: as many dimensions as the mask has

A tensor of whole numbers (dtype "i", "B", …) is of positions; one of float32, as comparisons make them, is a mask. How
many elements a mask takes is known when it runs, so that one is taken by eagerly only.
"""

from array import array

from ..tensors.tensor import Tensor, apply, current_sink, numel
from ..tensors.values import read
from .arrange import broadcast_to
from .compare import where
from .index import GATHER, checked_index, index_select
from .shape import reshape
from .slice import ALL, take
from .slice import view as _view
from .window import constant


def _is_mask(k):
    while isinstance(k, list) and k:
        k = k[0]
    return k.dtype == "f" if isinstance(k, Tensor) else isinstance(k, bool)


def _parts(x, index):
    """The list or tensor; the index with : in its place, for each dimension it takes; and where that is in the result
    of this index. For a mask its dimensions become one."""
    index = index if isinstance(index, tuple) else (index,)
    found, rest, numbers, gap = None, (), False, False
    for k in index:
        if isinstance(k, (list, Tensor)):
            if found is not None:
                raise ValueError("x[…] with two lists or tensors; it takes one: of the result of x[…] take the other")
            if numbers and gap:
                raise ValueError("x[…] with a number, then a slice, then a list; take the number first: x[0][…]")
            found = k
            width = _rank(k) if _is_mask(k) else 1
            at = len([part for part in rest if not isinstance(part, int)])
            rest += (ALL,) * width
        else:
            if k is ... and found is None:
                taken = [part for part in index if part is not None and part is not ...]
                extra = sum([_rank(part) - 1 for part in taken if isinstance(part, (list, Tensor)) and _is_mask(part)])
                rest += (ALL,) * (len(x.dims) - len(taken) - extra)
                continue
            numbers = numbers or isinstance(k, int)
            gap = gap or (numbers and not isinstance(k, int))
            rest += (k,)
    return found, rest, at


def _rank(k):
    if isinstance(k, Tensor):
        return len(k.dims)
    rank = 0
    while isinstance(k, list) and k:
        k, rank = k[0], rank + 1
    return rank


def _positions(mask, dims, shape):
    """Where a mask is not 0, as a list of positions in the flattened dimensions that it covers."""
    if isinstance(mask, Tensor):
        flat, found = mask.reshape(-1).tolist() if mask.dims else [mask.item()], mask.dims
    else:
        flat, found = read(mask)
    if tuple(found) != tuple(dims) or not dims:
        raise ValueError("a mask of shape %s for dimensions %s of shape %s; they may be the same. float32 is a mask: "
                         "positions are of dtype 'i', or a list (or take index_select)"
                         % (tuple(found), tuple(dims), shape))  # fmt: skip
    for value in flat:
        if value not in (0, 1):
            raise ValueError("a mask holds %r; it may hold 0 and 1. float32 is a mask: positions are of dtype 'i', "
                             "or a list (or take index_select)" % (value,))  # fmt: skip
    return [i for i in range(len(flat)) if flat[i]]


def pick(x, index):
    """x[index]"""
    found, rest, at = _parts(x, index)
    x = take(x, rest)
    dims = x.dims
    if _is_mask(found):
        if current_sink().records:
            raise ValueError("x[mask] while recording: how many elements it takes is known only when it runs; "
                             "where(mask, x, 0.0) has them all")  # fmt: skip
        width = _rank(found)
        positions = _positions(found, dims[at : at + width], x.shape)
        if not positions:
            raise ValueError("the mask takes nothing, and an empty tensor there is not")
        x = _view(x, dims[:at] + (numel(dims[at : at + width]),) + dims[at + width :])
        return _whole_numbers(x, at, positions, (len(positions),)) if x.dtype != "f" else index_select(x, at, positions)
    if dims[at] < 0:
        raise ValueError("the batch is taken whole (:) while recording")
    if found == []:
        raise ValueError("an empty list takes nothing, and an empty tensor there is not")
    if isinstance(found, Tensor) and found.place is None:
        found = found.tolist()  # where those below zero count from the end
        if isinstance(found, int):
            return take(x, (ALL,) * at + (found,))
    k = checked_index(found, dims[at])
    if at and k.dims and k.dims[0] < 0:
        raise ValueError("the batch stays the first dimension: x[:, index] would move it")
    if x.dtype != "f":
        return _whole_numbers(x, at, [int(i) for i in k.reshape(-1).tolist()], k.dims)
    sizes = numel(dims[:at]), numel(k.dims), numel(dims[at + 1 :]), dims[at], 0, 1, 0
    return apply(GATHER, (x, k), (dims[:at] + k.dims + dims[at + 1 :], sizes, None))


def _whole_numbers(x, at, positions, shape):
    """Of a tensor of integers, such as labels: eagerly."""
    data, dims = x.elements(), x.dims
    n, inner, found = dims[at], numel(dims[at + 1 :]), array(x.dtype)
    for o in range(numel(dims[:at])):
        for i in positions:
            first = x.offset + (o * n + i) * inner
            found.extend(data[first : first + inner])
    return Tensor(found, dims[:at] + shape + dims[at + 1 :], False, x.dtype)


def replace(x, index, value):
    """What x is after x[index] = value, value being a tensor."""
    found, rest, at = _parts(x, index)
    if [k for k in rest if not isinstance(k, slice) or not (k.start is k.stop is None and k.step in (None, 1))]:
        raise ValueError("x[…] = value by a list or tensor takes : beside it, nothing else")
    dims = x.dims
    if _is_mask(found):
        width = _rank(found)
        if isinstance(found, list):
            flat, shape = read(found)
            found = constant([1.0 if part else 0.0 for part in flat], shape)
        if found.dims != dims[at : at + width]:
            raise ValueError("a mask of shape %s for dimensions %s of shape %s; they may be the same"
                             % (found.shape, x.shape[at : at + width], x.shape))  # fmt: skip
        if value.numel() == 1:
            return _chosen(_view(found, found.dims + (1,) * (len(dims) - at - width)), value, x)
        if current_sink().records:
            raise ValueError("x[mask] = several values while recording: how many it takes is known only when it runs")
        positions = _positions(found, dims[at : at + width], x.shape)
        flat = _view(x, dims[:at] + (numel(dims[at : at + width]),) + dims[at + width :])
        return _view(_placed(flat, at, positions, value), dims)
    if dims[at] < 0:
        raise ValueError("the batch is taken whole (:) while recording")
    if isinstance(found, Tensor):
        if found.place is not None:
            raise ValueError("x[index] = value by an index that is an input, while recording; scatter_add takes one")
        found = found.tolist()
    if _rank(found) != 1:
        raise ValueError("x[index] = value takes an index of one dimension")
    n = dims[at]
    checked_index(found, n)  # checks them
    return _placed(x, at, [int(k) % n for k in found], value)


def _placed(x, at, positions, value):
    """x with slice i of value in place of slice positions[i]; of equal positions the last counts."""
    dims = x.dims
    n, behind = dims[at], (1,) * (len(dims) - at - 1)
    mask, places = [0.0] * n, [0] * n
    for i in range(len(positions)):
        mask[positions[i]], places[positions[i]] = 1.0, i
    mask = constant(mask, (n,) + behind)
    if value.numel() > 1:
        value = broadcast_to(value, x.shape[:at] + (len(positions),) + x.shape[at + 1 :])
        value = index_select(value, at, places)
    return _chosen(mask, value, x)


def _chosen(mask, value, x):
    """value where mask is not 0, else x."""
    return where(mask, reshape(value, ()) if value.numel() == 1 else value, x)
