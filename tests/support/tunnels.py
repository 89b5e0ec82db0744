"""A proxy on loopback that makes tunnels (CONNECT, RFC 9110 §9.3.6), and writes down what it was asked."""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType
from typing import Callable, List, Optional, Tuple, Type

Answer = Callable[[socket.socket], None]
"""What the proxy says instead of making the tunnel."""


class Proxy:
    """The proxy, as a context manager. All tunnels lead to one port of this machine, wherever they were to lead."""

    def __init__(self, port: int, answer: Optional[Answer] = None) -> None:
        self._leads_to = port
        self._answer = answer
        self._server = socket.create_server(("127.0.0.1", 0))
        self._open: List[socket.socket] = [self._server]
        self.heads: List[str] = []
        """Request line and headers of each request."""

    @property
    def address(self) -> Tuple[str, int]:
        """Host and port."""
        host, port = self._server.getsockname()[:2]
        return host, port

    def __enter__(self) -> Proxy:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        for end in self._open:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._server.accept()
                self._open.append(client)
                threading.Thread(target=self._talk, args=(client,), daemon=True).start()

    def _talk(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            self.heads.append(self._head(client))
            if self._answer is not None:
                self._answer(client)
                client.close()
                return
            target = socket.create_connection(("127.0.0.1", self._leads_to), 10)
            self._open.append(target)
            client.sendall(b"HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n")
            threading.Thread(target=_pipe, args=(client, target), daemon=True).start()
            _pipe(target, client)

    @staticmethod
    def _head(client: socket.socket) -> str:
        found = b""
        while not found.endswith(b"\r\n\r\n"):
            byte = client.recv(1)
            if not byte:
                break
            found += byte
        return found.decode("latin-1")


def _pipe(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)
