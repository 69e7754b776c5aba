# What of Ember is in LIB: a line "SHA-256 path" for each file, "dir path" for each folder. Runs on the board.
import hashlib
import os

chunk = memoryview(bytearray(256))


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        count = file.readinto(chunk)
        while count:
            digest.update(chunk[:count])
            count = file.readinto(chunk)
    return "".join(["%02x" % byte for byte in digest.digest()])


def show(path):
    if os.stat(path)[0] & 0x4000:
        print("dir", path)
        for name in os.listdir(path):
            show(path + "/" + name)
    else:
        print(sha256(path), path)


for name in ("ember", "ember.new", "ember.old", "ember_vm.mpy"):
    try:
        os.stat(LIB + "/" + name)  # noqa: F821
    except OSError:
        continue
    show(LIB + "/" + name)  # noqa: F821
