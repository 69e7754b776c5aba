import vfs
from ember_board import RAMDisk

disk = RAMDisk()
try:
    vfs.mount(vfs.VfsLfs2(disk), "/")
except OSError:  # a board that was just switched on
    vfs.VfsLfs2.mkfs(disk)
    vfs.mount(vfs.VfsLfs2(disk), "/")
del vfs, RAMDisk, disk
