# Mounts the disk at /, and makes its file system when there is none, as at the first start.
import sys

import machine
import vfs

_disk = machine.Disk()
try:
    vfs.mount(vfs.VfsLfs2(_disk), "/")
except OSError:
    vfs.VfsLfs2.mkfs(_disk)
    vfs.mount(vfs.VfsLfs2(_disk), "/")
sys.path.append("/lib")
del machine, sys, vfs, _disk
