# What the steps of an installation use on the board; each names things in words the file system has.
import os


def there(path):
    try:
        os.stat(path)
        return True
    except OSError:
        return False


def remove(path):
    """A file, or a folder with all that is in it, if it is there."""
    if not there(path):
        return
    if os.stat(path)[0] & 0x4000:
        for name in os.listdir(path):
            remove(path + "/" + name)
        os.rmdir(path)
    else:
        os.remove(path)


def make(path):
    """A folder, and the one that it lies in."""
    above = path[: path.rfind("/")]
    if above and not there(above):
        os.mkdir(above)
    if not there(path):
        os.mkdir(path)


def move(path, to):
    if there(path):
        os.rename(path, to)


def copy(path, to):
    chunk = memoryview(bytearray(256))
    with open(path, "rb") as source, open(to, "wb") as target:
        count = source.readinto(chunk)
        while count:
            target.write(chunk[:count])
            count = source.readinto(chunk)
