"""AES in every mode of cryptolib: what NIST says of it, and the script that a board runs."""

import re

# NIST SP 800-38A, appendix F: four blocks in each mode, under a key of 128 and one of 256 bits.
PLAIN = (
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
    "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
)
KEYS = {
    "128": "2b7e151628aed2a6abf7158809cf4f3c",
    "256": "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
}
VECTORS = {"ECB": None, "CBC": "000102030405060708090a0b0c0d0e0f", "CTR": "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"}
CIPHERS = {
    "ECB-128": (
        "3ad77bb40d7a3660a89ecaf32466ef97f5d3d58503b9699de785895a96fdbaaf"
        "43b1cd7f598ece23881b00e3ed0306887b0c785e27e8ad3f8223207104725dd4"
    ),
    "ECB-256": (
        "f3eed1bdb5d2a03c064b5a7e3db181f8591ccb10d410ed26dc5ba74a31362870"
        "b6ed21b99ca6f4f9f153e7b1beafed1d23304b7a39f9f3ff067d8d8f9e24ecc7"
    ),
    "CBC-128": (
        "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"
        "73bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7"
    ),
    "CBC-256": (
        "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d"
        "39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b"
    ),
    "CTR-128": (
        "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff"
        "5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee"
    ),
    "CTR-256": (
        "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5"
        "2b0930daa23de94ce87017ba2d84988ddfc9c58db67aada613c2dd08457941a6"
    ),
}
# In parts (of a block where the mode allows that), into a place that is not aligned; and back, in place.
CRYPT = """
import cryptolib
from binascii import unhexlify
def aes(): return cryptolib.aes(unhexlify(KEY), cryptolib.MODE_NAME, IV and unhexlify(IV))
plain, out, cipher = unhexlify(PLAIN), bytearray(65), aes()
part = 5 if "NAME" == "CTR" else 32
for at in range(0, 64, part):
    cipher.encrypt(plain[at : at + part], memoryview(out)[1 + at :])
print(out[1:].hex(), aes().encrypt(plain) == out[1:])
text, cipher = out[1:], aes()
cipher.decrypt(text, text)
print(text == plain, aes().decrypt(out[1:]) == plain)
"""


def tables(source):
    """Those of 256 bytes in C."""
    found = re.findall(r"\[256\] = \{([^}]*)\}", source)
    return [[int(byte, 16) for byte in re.findall(r"0x\w+", table)] for table in found]


def product(a, b):
    """Of polynomials over two elements, modulo x^8 + x^4 + x^3 + x + 1."""
    return (product(a << 1 ^ (0x11B if a & 0x80 else 0), b >> 1) if b else 0) ^ (a if b & 1 else 0)


def substituted(byte):
    """FIPS 197, 5.1.1: the inverse, then each bit is that of five, and of 63."""
    inverse = next((b for b in range(256) if product(byte, b) == 1), 0)
    five = [inverse << shift | inverse >> (8 - shift) for shift in range(5)]
    return (five[0] ^ five[1] ^ five[2] ^ five[3] ^ five[4] ^ 0x63) & 0xFF


def case(name):
    """-> the script, and the ciphertext that it prints in its first line"""
    mode, bits = name.split("-")
    script = CRYPT.replace("NAME", mode).replace("KEY", repr(KEYS[bits])).replace("PLAIN", repr(PLAIN))
    return script.replace("IV", repr(VECTORS[mode])), CIPHERS[name]
