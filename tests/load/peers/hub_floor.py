"""The floor: every message is one ``send`` of bytes framed before, in a bare loop over bare sockets."""

from __future__ import annotations

import select
import socket

from tests.load.peers.hub_common import allow_files, ready, text

BODY = text(0).encode()
FRAME = bytes((0x81, len(BODY))) + BODY
ACCEPTED = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: -\r\n\r\n"
)


def main() -> None:
    """Serve until killed."""
    allow_files()
    listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
    poll = select.epoll()
    poll.register(listener, select.EPOLLIN)
    by_fd: dict[int, socket.socket] = {}
    members: list[socket.socket] = []
    ready(listener.getsockname()[1])
    while True:
        for fd, _ in poll.poll():
            if fd == listener.fileno():
                client, _ = listener.accept()
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                by_fd[client.fileno()] = client
                poll.register(client, select.EPOLLIN)
                continue
            client = by_fd[fd]
            try:
                data = client.recv(65536)
            except OSError:
                data = b""
            if not data:
                poll.unregister(fd)
                del by_fd[fd]
                if client in members:
                    members.remove(client)
                client.close()
            elif data.startswith(b"GET "):
                client.sendall(ACCEPTED)
                members.append(client)
            else:
                for _ in range(data.count(b"go")):
                    for member in members:
                        member.send(FRAME)


main()
