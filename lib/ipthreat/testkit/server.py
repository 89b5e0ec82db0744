"""A small threaded HTTP server on loopback whose answers are programmed path by path.

It listens on 127.0.0.1 only and is bounded: number of connections, size of a request, length of its record, seconds of
silence. Leaving the `with` block ends every conversation at once, also one that is dripping or waiting.
"""

from __future__ import annotations

import socket
import ssl
import sys
import threading
from collections import deque
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Callable, Deque, Dict, Mapping, Optional, Set, Tuple, Type
from urllib.parse import urlsplit

MOST_CONNECTIONS = 256
MOST_RECORDED = 100_000
LARGEST_REQUEST = 1 << 20
"""Bytes of a request's body, unless a server is made for more."""
LONGEST_SILENCE = 30.0
"""Seconds a client may keep a connection without a word."""


@dataclass(frozen=True)
class Asked:
    """A request as it arrived."""

    method: str
    path: str
    """Without the query."""
    query: str
    headers: Mapping[str, str]
    body: bytes
    client_port: int
    """The same for requests over one kept connection."""

    def header(self, name: str) -> str:
        """The header of that name, in any spelling of case; empty when there is none."""
        return next((value for key, value in self.headers.items() if key.lower() == name.lower()), "")


class Conversation:
    """One request and the means to answer it, as a behaviour gets it."""

    def __init__(self, handler: _Handler, asked: Asked) -> None:
        self.asked = asked
        self._handler = handler

    def answer(self, status: int, body: bytes = b"", headers: Optional[Mapping[str, str]] = None) -> None:
        """A complete answer with the right Content-Length; a HEAD request gets no body, nor does a 204 or 304."""
        self.head(status, {"Content-Length": str(len(body)), **(headers or {})})
        if self.asked.method != "HEAD" and status not in (204, 304):
            self.write(body)

    def head(self, status: int, headers: Mapping[str, str]) -> None:
        """Status line and headers, exactly those given and a Date."""
        self._handler.send_response(status)
        for name, value in headers.items():
            self._handler.send_header(name, value)
        self._handler.end_headers()

    def write(self, data: bytes) -> None:
        """Bytes onto the wire, as they are."""
        self._handler.wfile.write(data)

    def pause(self, seconds: float) -> None:
        """Waits. Raises ConnectionAbortedError when the server closes meanwhile."""
        if self._handler.server.closing.wait(seconds):
            raise ConnectionAbortedError("the server closes")

    def hang_up(self) -> None:
        """Closes the connection after what has been written."""
        self._handler.close_connection = True


Behaviour = Callable[[Conversation], None]
"""Answers one request; `behaviours.py` has the usual ones."""


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # so that closing waits for the conversations, which `closing` ends

    def __init__(self, routes: Dict[str, Behaviour], tls: Optional[ssl.SSLContext], largest: int) -> None:
        self.routes = routes
        self.largest = largest
        self.closing = threading.Event()
        self.asked: Deque[Asked] = deque(maxlen=MOST_RECORDED)
        self._tls = tls
        self._lock = threading.Lock()
        self._open: Set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), _Handler)

    def behaviour(self, path: str) -> Behaviour:
        """That of the path itself, else of the longest route with a star at its end that the path begins with."""
        starred = [route for route in self.routes if route.endswith("*") and path.startswith(route[:-1])]
        return self.routes.get(path) or self.routes.get(max(starred, key=len, default=""), _missing)

    def get_request(self) -> Tuple[socket.socket, Any]:
        """Accepts a connection; TLS shakes hands later, in the conversation's own thread."""
        connection, address = super().get_request()
        if self._tls is not None:
            connection = self._tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        with self._lock:
            self._open.add(connection)
        return connection, address

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Turns away what exceeds the number of connections."""
        return len(self._open) <= MOST_CONNECTIONS

    def shutdown_request(self, request: Any) -> None:
        """Forgets and closes a connection."""
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keeps quiet when a client goes away, which is what this server is for; shows a behaviour's own fault."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)

    def hang_up(self) -> None:
        """Ends all conversations."""
        self.closing.set()
        with self._lock:
            for connection in self._open:
                _shut(connection)


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # the client was faster


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = LONGEST_SILENCE
    disable_nagle_algorithm = True  # else a body waits 40 ms for the client to acknowledge its headers
    server: _Server

    def _converse(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if not length.isdigit() or int(length) > self.server.largest:
            self.send_error(413)
            return
        parts = urlsplit(self.path)
        body = self.rfile.read(int(length))
        asked = Asked(self.command, parts.path, parts.query, dict(self.headers), body, self.client_address[1])
        self.server.asked.append(asked)
        self.server.behaviour(parts.path)(Conversation(self, asked))

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _converse  # noqa: N815  http.server's names

    def log_message(self, format: str, *args: object) -> None:
        """Prints nothing: `FakeServer.asked` is the record."""


def _missing(talk: Conversation) -> None:
    talk.answer(404, b"there is nothing here\n")


class FakeServer:
    """The server as a context manager; `routes` maps a path, or `/beginning/*`, to its behaviour; the rest is 404."""

    def __init__(
        self, routes: Mapping[str, Behaviour], tls: Optional[ssl.SSLContext] = None, largest: int = LARGEST_REQUEST
    ) -> None:
        self._server = _Server(dict(routes), tls, largest)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="fake-server")
        scheme = "http" if tls is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self._server.server_address[1]}"
        """Scheme, host and port, without a slash at the end."""

    def route(self, path: str, behaviour: Behaviour) -> None:
        """Changes what a path answers from now on."""
        self._server.routes[path] = behaviour

    @property
    def asked(self) -> Tuple[Asked, ...]:
        """The requests so far, in the order of their arrival."""
        return tuple(self._server.asked)

    def __enter__(self) -> FakeServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self._server.shutdown()
        self._server.hang_up()
        self._server.server_close()
        self._thread.join()
