"""Sealed files: published vectors, what another program sealed, another implementation, and what is done to a file."""

import base64
import struct

# NIST FIPS 180-4, examples of SHA-256; the second is of two blocks.
SHA256 = {
    b"abc": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq": (
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
}
# RFC 4231, cases 1 to 4, 6 and 7 (the fifth is of a tag that is cut): key, data, HMAC-SHA256.
HMAC = [
    (b"\x0b" * 20, b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
    (b"Jefe", b"what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
    (b"\xaa" * 20, b"\xdd" * 50, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
    (bytes(range(1, 26)), b"\xcd" * 50, "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
    (b"\xaa" * 131, b"Test Using Larger Than Block-Size Key - Hash Key First",
     "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"),
    (b"\xaa" * 131, b"This is a test using a larger than block-size key and a larger than block-size data. The key "
     b"needs to be hashed before being used by the HMAC algorithm.",
     "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"),
]  # fmt: skip
# RFC 5869, appendix A.1 to A.3: secret, salt, info, HKDF-SHA256.
HKDF = [
    (b"\x0b" * 22, bytes(range(13)), bytes(range(0xF0, 0xFA)),
     "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"),
    (bytes(range(0x50)), bytes(range(0x60, 0xB0)), bytes(range(0xB0, 0x100)),
     "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09"
     "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"),
    (b"\x0b" * 22, b"", b"",
     "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"),
]  # fmt: skip

# Prints a line for each that is not as published. AES: key, plaintext, first counter, ciphertext (NIST SP 800-38A,
# F.5.1 and F.5.5), in parts of whole blocks, as streams of two blocks and of five.
VECTORS = """
from binascii import unhexlify
from ember.sealed.suite import cipher, ctr, hkdf, hmac, pads, same
from hashlib import sha256
wrong = []
for data, expected in %(sha)r.items():
    if sha256(data).digest() != unhexlify(expected): wrong.append(("SHA-256", data))
for key, data, expected in %(hmac)r:
    if hmac(pads(key), data[:3], data[3:]) != unhexlify(expected): wrong.append(("HMAC", key))
for secret, salt, info, expected in %(hkdf)r:
    if hkdf(secret, salt, info, len(expected) // 2) != unhexlify(expected): wrong.append(("HKDF", salt))
for key, plain, counter, expected in %(aes)r:
    for blocks in (2, 5):
        for n in (64, 63, 49, 48, 1, 0):
            counter_, data = bytearray(unhexlify(counter)), bytearray(unhexlify(plain))
            ctr(cipher(unhexlify(key)), counter_, memoryview(data)[:n], bytearray(16 * blocks))
            if data != unhexlify(expected)[:n] + unhexlify(plain)[n:] or counter_ != unhexlify(counter):
                wrong.append(("CTR", key, blocks, n))
print(wrong, same(b"ab", b"ab"), same(b"ab", b"ac"), same(b"ab", b"bb"), same(b"ab", b"abc"), same(b"", b""))
"""
AS_PUBLISHED = "[] True False False False True"


def vectors(aes):
    """The script; aes: aes_cases."""
    counter = [(aes.KEYS[bits], aes.PLAIN, aes.VECTORS["CTR"], aes.CIPHERS["CTR-" + bits]) for bits in ("128", "256")]
    return VECTORS % {"sha": SHA256, "hmac": HMAC, "hkdf": HKDF, "aes": counter}


# What Google's Tink (PyPI tink 1.16.1) sealed as AES256-CTR-HMAC-SHA256, in segments of 512 bytes with tags of 16,
# under the secret bytes 1 to 32, about b"kitchen": {(length of text(n), kind, number): file}.
SECRET = bytes(range(1, 33))
TINKS = {
    (0, "program", 0): (
        "RU1CRQEBAAC9yWCCNMTS/AAAAAAAAAAAKHMaLsi5UmZQ7q+l7j2MqAZqsFKw4//GgNtl1syKrYx9l/Nmxeg7TpDCv3ke4dylgEfH8sE3AJo="
    ),
    (457, "checkpoint", 5): (
        "RU1CRQECAAC9yWCCNMTS/AUAAAAAAAAAKPPh3GKPLl4ysrANn94CWRsD0K5LhSpK5ymxerP1H1nr4c4hXJ1JyD6CgHItbbnNJWKo8r2n2pLJ"
        "aI+ycla5rGUdYaZK60gUuFhNvU6FH0mcToLKASwweUJeck65adAJcn9jFtboAgZZgGxhu3DNuPJ15gZEI9Uzp+g7ecUjj1wi54iK+rbIY0ct"
        "C1P1GyyVkS1HGJm8lsV6gowDhw37WzucoECw1rxokGiFIHrb2+nQ8rQx9rh17Tu9+aj1BlLbBn1tQkbZHPnOEuBBGZ9yzKcc0ezSNv3C3UJT"
        "zKEyHNeya9TB7zz61ZZi5BfU6Cp4SX8QJwflLP3bXIgAkyEXv8J4lw1l6kNiSn+bUUqbEk0tIyDfH3Nj3ny05QVOiOsQ25BI6gCq3UmVkuVR"
        "iXP5thz0bpwqJB5f+yXVXJrM+d+OsLA0tW0vuKBsHrihwluUmCBYeXqHkF1i3Vhdpk92a3FKZiTyQPGs1cl7X4zKII5J34tod7xmWWei9+sk"
        "4SGUw24rMIy9sDKwe2AnLPv0uzYvV10IAosnSjOcAuO/tDElPMSW2lF9BmyfqmOUtNEfLEgrj3qcG8rayDmCUytkuWvK5cOpE9rRqzTKgRRY"
        "F6HDRppVVr1ivCqBVqkpW4pXZEZIAPSl+367vFg4vB4wKVd75j8ge69rzTJBAbYsOKuWBGeVs+zl+reng++iBpsF/A=="
    ),
    (952, "package", 1099511627776): (
        "RU1CRQEDAAC9yWCCNMTS/AAAAAAAAQAAKFa4uoIFk8cmqL+pyiN4cfDUwjRNa1U2gBc/crJoeWZhyMsOa4JRjjoLf2372EhH66xvr2Z/pvvs"
        "pwQQDHDSyhnDYVRoIoot+CMLWXHmVRW5HUIIouj4xjSvO8jZILaCUJ6FavCA3K9T7OtQTbPaxktaCmXobPxDEdHdA9ieYKSRW9aRhpLg9Qqd"
        "FUF4RFIl43i/j1SQ1HWZXwypJEYY8AQnjnD5oERyvdJxwGEhobEnJi1QKeoFE1ZDeECkaRkTp7cdnRP6dNzfOumlOJDHer/axyS+Ng1Wd8bh"
        "wliqtuV+T31EFIcBJPTNbpLT1ChNEOFG9nApi4tq6POoT8tDdS0FuO/FxIAf9jvJYc9TbDBKUXEIw0TfsNCfUuirqrb7ntK12KIEKv6XZ5B6"
        "dV+auLmJxl3HS9oWXrvywKOt+rHDBO7CzZMhubmkjQyiOSuD02Xmcu8SF9xBvoKWR1o69PrPvBgNBWW7xvudo/HS3N2hHejIFxZBPbuK5YeY"
        "PgiwVkrk2DPCmeEz8wjlbjdamHRLh3i6+VyF2auK3FUphGSmh5SkGcJy6bibdQhnHlry798Wjk2XOnajniv0iibAlnSbmgTf8NxaSlqYpJ0N"
        "/N2/7hWceAg5048lssNDpi8mzbD0FNcJG5KYVwyf3CWP1I7SmeczrgPzMtPKkRwFmjONZIbW3jCbGC6Smbvyuvi/LNcf5nf2a8RBVv7KWqi1"
        "Gx/Iy9zq5s57oJXWKboRS+BQUV5ZiYLIpuK/haYE1KQplgkthFXyx39VTDFHxSsFEJky6La8JZ8rrSqVZH0S/IT4vDKhf6tyXDZRrxn+8qAb"
        "9X1qCvhh+hWE9MAOE5bBcgWs04iihYQdexeLHLFbX7WJwqFzjjsUNRtFqRwlMqjfGv5tZ94GyD23z+K7onfuJ20nkxAjzLrUFWBLDhVIMAyz"
        "CYUmyrBXMBMDrby0oKW6lGvkFNAu3J0MH/yRq4C0V9sAUKdUjnq1RB+II5dktw+pmlRs+sXQ7Y8ZZrsbqdTnsFCZsD9m1whG9fBzAzHsMazl"
        "e7tkYqZ4kaJyNis2kdDVWQJ1+ztttxaUB03z9l7qa3deMZ39JK3WLDkAWFs6+COgO6d0e5Y+Wa70ZX4cbV42INHAGYa0lMflZmV5yRrH8ldA"
        "RbPqscYfXRYhQMiyH6qVSOhkSpqRQmHCJNt5jZtohR3v7ErdgeFcQsdccdLCY+xVRVu9znT5xd47wyiQPB5C/O2TSxD6XNO/7CHbz0zsm1NF"
        "DFdyEHsrT/aVBPWWltoQoMlICpGPPx2jxJPLk+HE35t3l8GmY6RYvZZE9UC4yemrMg9uZG0TW0WD5c5C3/ts1iaRrp4kmHChJoj1uQ=="
    ),
}  # fmt: skip


def tinks():
    return {which: base64.b64decode(data) for which, data in TINKS.items()}


def text(n):
    return bytes([(7 * i + n) % 256 for i in range(n)])


# --- Another implementation, of the package cryptography alone, which has CTR, HMAC and HKDF of its own

KINDS = {"program": 1, "checkpoint": 2, "package": 3}


def derived(secret, salt, info, n):
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), n, salt, info).derive(secret)


def use(secret, name, about, n):
    return derived(secret, b"ember sealed 1", name.encode() + b"\0" + about, n)


def counted(key, nonce, data):
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    return Cipher(algorithms.AES(key), modes.CTR(nonce)).encryptor().update(data)


def tag(key, *parts):
    from cryptography.hazmat.primitives import hashes, hmac

    made = hmac.HMAC(key, hashes.SHA256())
    for part in parts:
        made.update(part)
    return made.finalize()[:16]


def seal(plain, secret, kind, number, salt, prefix, about=b""):
    head = b"EMBE" + bytes([1, KINDS[kind], 0, 0]) + use(secret, "id", about, 8) + struct.pack("<Q", number)
    keys = derived(use(secret, kind, about, 32), salt, head, 64)
    parts = [plain[:456]] + [plain[at : at + 496] for at in range(456, len(plain), 496)]
    made = head + bytes([40]) + salt + prefix
    for k, part in enumerate(parts):
        nonce = prefix + struct.pack(">IBI", k, k == len(parts) - 1, 0)
        hidden = counted(keys[:32], nonce, part)
        made += hidden + tag(keys[32:], nonce, hidden)
    return made


# --- What is done to a file: (name, file), each of which is to be refused


def damaged(data):
    for at in range(len(data)):
        for bit in range(8):
            yield "bit %d of byte %d" % (bit, at), data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]
    for n in range(len(data)):
        yield "the first %d bytes" % n, data[:n]
    yield "a byte more", data + b"\0"
    yield "twice", data + data
    yield "its body twice", data + data[64:]


def rearranged(data, other):
    """Segments of a file: exchanged, twice, left out; another's in their place, of the same key and the same length."""
    parts, others = in_segments(data), in_segments(other)
    for k in range(1, len(parts)):
        yield "without segment %d" % (k - 1), b"".join([*parts[:k], *parts[k + 1 :]])
        yield "segment %d twice" % (k - 1), b"".join([*parts[: k + 1], *parts[k:]])
        yield "another's segment %d" % (k - 1), b"".join([*parts[:k], others[k], *parts[k + 1 :]])
        for m in range(k + 1, len(parts)):
            changed = list(parts)
            changed[k], changed[m] = parts[m], parts[k]
            yield "segments %d and %d exchanged" % (k - 1, m - 1), b"".join(changed)
            yield "without segments %d to %d" % (k - 1, m - 1), b"".join(parts[:k] + parts[m:])
    yield "another's body", parts[0] + b"".join(others[1:])
    yield "another's nonce", data[:25] + other[25:64] + data[64:]


def in_segments(data):
    """Its 64 bytes of head, then segments."""
    ends = [64, *range(24 + 512, len(data), 512), len(data)]
    return [data[: ends[0]]] + [data[a:b] for a, b in zip(ends, ends[1:])]
