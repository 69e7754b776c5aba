"""The native VM on CPython, by ctypes: the module that a MicroPython board loads as ember_vm.mpy.

    run(program, segments, state, budget, weights=None) -> 1 finished, 0 paused, -1 fault, -2 not finite
    verify(program) -> 0 or kind << 24 | word
    permute(i, n, key, epoch)
    isa
    components

The library is build/native/libember.so (make -C firmware/vm), the one that `pip install .` puts beside this file, or
what EMBER_LIBRARY names.
"""

import ctypes
import os

_HERE = os.path.dirname(os.path.abspath(__file__))
_BESIDE = os.path.join(_HERE, "libember.so")  # as `pip install` puts it
_BUILT = os.path.join(os.path.dirname(os.path.dirname(_HERE)), "build", "native", "libember.so")
_PATH = os.environ.get("EMBER_LIBRARY") or (_BESIDE if os.path.exists(_BESIDE) else _BUILT)
try:
    _library = ctypes.CDLL(_PATH)
except OSError as error:
    raise ImportError("no native VM at %s: %s" % (_PATH, error)) from None

_FORMAT, _CONTIGUOUS, _WRITABLE = 0x4, 0x20 | 0x10 | 0x8, 0x1
_REFUSED, _TOO_SHORT, _FIRST_OF_A_SEGMENT, _LAST_OF_A_SEGMENT, _BUSY = 256, 6, 3, 7, 11


class _PyBuffer(ctypes.Structure):
    """CPython's Py_buffer, through which even a read-only object gives its address."""

    _fields_ = [
        ("buf", ctypes.c_void_p),
        ("obj", ctypes.py_object),
        ("len", ctypes.c_ssize_t),
        ("itemsize", ctypes.c_ssize_t),
        ("readonly", ctypes.c_int),
        ("ndim", ctypes.c_int),
        ("format", ctypes.c_char_p),
        ("shape", ctypes.c_void_p),
        ("strides", ctypes.c_void_p),
        ("suboffsets", ctypes.c_void_p),
        ("internal", ctypes.c_void_p),
    ]


class _Segment(ctypes.Structure):
    _fields_ = [
        ("start", ctypes.c_void_p),
        ("bytes", ctypes.c_size_t),
        ("typecode", ctypes.c_int32),
        ("writable", ctypes.c_int32),
    ]


_get_buffer = ctypes.pythonapi.PyObject_GetBuffer
_get_buffer.argtypes = [ctypes.py_object, ctypes.POINTER(_PyBuffer), ctypes.c_int]
_release = ctypes.pythonapi.PyBuffer_Release
_release.argtypes = [ctypes.POINTER(_PyBuffer)]
_release.restype = None

_library.ember_verify.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
_library.ember_verify.restype = ctypes.c_int32
_library.ember_permute.argtypes = [ctypes.c_uint32] * 4
_library.ember_permute.restype = ctypes.c_uint32
_library.ember_message.argtypes = [ctypes.c_int]
_library.ember_message.restype = ctypes.c_char_p
_library.ember_is_words.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
_library.ember_is_words.restype = ctypes.c_bool
_library.ember_host_run.argtypes = [
    ctypes.c_void_p,
    ctypes.c_size_t,
    ctypes.POINTER(_Segment),
    ctypes.c_size_t,
    ctypes.c_void_p,
    ctypes.c_size_t,
    ctypes.c_int32,
    ctypes.POINTER(_Segment),
    ctypes.POINTER(ctypes.c_uint32),
]
_library.ember_host_run.restype = ctypes.c_int32

isa, components = _library.ember_host_isa(), _library.ember_host_components()


class _Views:
    """Buffers held for as long as C looks at them."""

    def __init__(self):
        self.held = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for view in self.held:
            _release(view)

    def take(self, thing):
        view = _PyBuffer()
        try:
            _get_buffer(thing, view, _FORMAT | _CONTIGUOUS)  # raises TypeError
        except BufferError as error:
            raise ValueError("a buffer is not in one piece: %s" % error) from None
        self.held.append(view)
        return view

    def fill(self, buffer, thing):
        view = self.take(thing)
        buffer.start, buffer.bytes = view.buf, view.len
        buffer.typecode, buffer.writable = _typecode(view), not view.readonly
        return buffer

    def words(self, thing, writable=False):
        view = self.take(thing)
        if (writable and view.readonly) or not _library.ember_is_words(view.buf, view.len, _typecode(view)):
            raise ValueError("array('i') required")
        return view


def _typecode(view):
    """Of elements in one dimension; 0 for what is no segment."""
    code = view.format or b"B"
    if view.ndim != 1:
        return 0
    code = code[1:] if code[:1] in (b"@", b"=", b"<") and len(code) == 2 else code
    return code[0] if len(code) == 1 else 0


def verify(program):
    with _Views() as views:
        words = views.words(program)
        return _library.ember_verify(words.buf, words.len // 4)


def run(program, segments, state, budget, weights=None):
    segments = list(segments)  # as many as they are now, whatever another thread does
    with _Views() as views:
        words = views.words(program)
        place = views.words(state, writable=True)
        buffers = (_Segment * max(1, len(segments)))()
        for buffer, segment in zip(buffers, segments):
            views.fill(buffer, segment)
        weighed = None if weights is None else views.fill(_Segment(), weights)
        details = (ctypes.c_uint32 * 3)()
        result = _library.ember_host_run(
            words.buf,
            words.len // 4,
            buffers,
            len(segments),
            place.buf,
            place.len // 4,
            max(-1, min(budget, 0x7FFFFFFF)),
            weighed,
            details,
        )
    if result < _REFUSED:
        return result
    refusal = result - _REFUSED
    message = _library.ember_message(refusal).decode()
    if refusal == _BUSY:
        raise RuntimeError(message)
    if refusal == _TOO_SHORT:
        message += ": segment %d needs %d bytes, has %d" % tuple(details)
    elif _FIRST_OF_A_SEGMENT <= refusal <= _LAST_OF_A_SEGMENT:
        message += " (segment %d)" % details[0]
    raise ValueError(message)


def permute(i, n, key, epoch):
    if not 0 <= i < n <= 1 << 30:
        raise ValueError("i must be 0 to n - 1")
    return _library.ember_permute(i, n, key & 0xFFFFFFFF, epoch & 0xFFFFFFFF)
