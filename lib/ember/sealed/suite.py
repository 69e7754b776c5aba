"""What keeps a secret: AES-CTR (NIST SP 800-38A), HMAC-SHA256 (RFC 2104), HKDF (RFC 5869).

AES is that of the firmware's cryptolib, on CPython of the package cryptography; SHA-256 is hashlib's. What firmwares
do not have is composed of them here: counter mode too, of single blocks, since released ones have ECB and CBC alone.
"""

from hashlib import sha256
from struct import pack


def pads(key):
    """A key of HMAC as it is used: the two blocks that come before what is hashed."""
    if len(key) > 64:
        key = sha256(key).digest()
    key = bytes(key) + bytes(64 - len(key))
    return bytes([b ^ 0x36 for b in key]), bytes([b ^ 0x5C for b in key])


def hmac(key, *parts):
    """HMAC-SHA256 of the parts in a row; key: see pads."""
    inner, outer = sha256(key[0]), sha256(key[1])
    for part in parts:
        inner.update(part)
    outer.update(inner.digest())
    return outer.digest()


def hkdf(secret, salt, info, n):
    """n bytes of HKDF-SHA256."""
    key = pads(hmac(pads(salt), secret))
    found = block = b""
    while len(found) < n:
        block = hmac(key, block, info, bytes([len(found) // 32 + 1]))
        found += block
    return found[:n]


def same(a, b):
    """Whether so many bytes are equal, in a time that does not tell where they differ."""
    differ = len(a) ^ len(b)
    for k in range(min(len(a), len(b))):
        differ |= a[k] ^ b[k]
    return not differ


def cipher(key):
    """A function that encrypts blocks of 16 bytes by AES, in a bytearray, where they lie; RuntimeError where there is
    none."""
    try:
        from cryptolib import aes

        encrypt = aes(key, 1).encrypt  # ECB
        return lambda blocks: encrypt(blocks, blocks)
    except ImportError:
        pass
    try:
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

        update = Cipher(algorithms.AES(key), modes.ECB()).encryptor().update
    except ImportError:
        raise RuntimeError("no AES here, so nothing is sealed or opened: on a board build the firmware with "
                           "MICROPY_PY_CRYPTOLIB, on CPython: pip install cryptography")  # fmt: skip

    def encrypt(blocks):
        blocks[:] = update(bytes(blocks))

    return encrypt


def ctr(encrypt, counter, data, stream):
    """Counter mode: data, a memoryview of bytes, becomes secret, or is read again, where it lies.

    counter  the first block: a bytearray of 16, whose last 4 bytes count on
    stream   a bytearray, of as many blocks as are made at once
    """
    first = int.from_bytes(counter[12:], "big")
    for at in range(0, len(data), len(stream)):
        for k in range(0, len(stream), 16):
            counter[12:] = pack(">I", first + ((at + k) >> 4))
            stream[k : k + 16] = counter
        encrypt(stream)
        part = data[at : at + len(stream)]
        added = int.from_bytes(part, "big") ^ int.from_bytes(stream[: len(part)], "big")
        part[:] = added.to_bytes(len(part), "big")
    counter[12:] = pack(">I", first)
