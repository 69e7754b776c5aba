"""A cable between an emulated board and a program: a pty that passes bytes both ways, until it is pulled."""

import contextlib
import os
import select
import threading
import tty


class Cable:
    """`port` is this end. `pull()` makes it vanish at once; `pull_after(n)`, when n more bytes went to the board."""

    def __init__(self, board_port):
        self.master, slave = os.openpty()
        tty.setraw(slave)
        self.port = os.ttyname(slave)
        self.slave = slave
        self.board = os.open(board_port, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self.board)
        self.left = None
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self._pass_on, daemon=True)
        self.thread.start()

    def _pass_on(self):
        while not self.stopped.is_set():
            for handle in select.select([self.master, self.board], [], [], 0.02)[0]:
                data = os.read(handle, 4096)
                if handle == self.board:
                    os.write(self.master, data)
                    continue
                if self.left is not None:
                    data, self.left = data[: self.left], self.left - len(data)
                os.write(self.board, data)
                if self.left is not None and self.left <= 0:
                    self.stopped.set()
                    break
        for handle in (self.master, self.slave, self.board):
            os.close(handle)

    def pull_after(self, count):
        self.left = count

    def pull(self):
        self.stopped.set()
        self.thread.join()


@contextlib.contextmanager
def plugged(board_port):
    cable = Cable(board_port)
    try:
        yield cable
    finally:
        cable.pull()
