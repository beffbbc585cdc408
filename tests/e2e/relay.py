#!/usr/bin/env python3
"""A SOCKS5 proxy (RFC 1928, no authentication, CONNECT) for one machine, that can hold back what passes.

usage: relay.py DIR     writes DIR/port when it listens, DIR/seen with a line for each destination asked for

Commands come as a line in DIR/command; when one is obeyed, DIR/obeyed holds the same line:
  pass N     everything passes (at first)
  hold N B   B more bytes pass, both directions together, then nothing
  cut N      all connections are closed; new ones pass
N only makes each command a new one.
"""
import os
import selectors
import socket
import sys
import time

directory = sys.argv[1]
selector = selectors.DefaultSelector()
budget = None  # bytes that may still pass; None: no limit
links = {}     # socket -> its Link


class Link:
    """One direction-pair: the client's socket and, once asked for, the destination's."""

    def __init__(self, client):
        self.ends = [client]
        self.greeted = False
        self.request = b""
        self.waiting = {}  # socket -> bytes to be written to it

    def other(self, s):
        return self.ends[1] if s is self.ends[0] else self.ends[0]

    def close(self):
        for s in self.ends:
            links.pop(s, None)
            try:
                selector.unregister(s)
            except KeyError:
                pass
            s.close()


def exactly(link, n):
    """The first n bytes of the request once they are there."""
    return link.request[:n] if len(link.request) >= n else None


def handshake(link, data):
    link.request += data
    client = link.ends[0]
    if not link.greeted:
        head = exactly(link, 2)
        if head is None or exactly(link, 2 + head[1]) is None:
            return
        link.request = link.request[2 + head[1]:]
        client.sendall(b"\x05\x00")
        link.greeted = True
    head = exactly(link, 5)
    if head is None:
        return
    size = {1: 4, 3: 1 + head[4], 4: 16}[head[3]]
    whole = exactly(link, 4 + size + 2)
    if whole is None:
        return
    if head[3] == 1:
        host = socket.inet_ntop(socket.AF_INET, whole[4:8])
    elif head[3] == 4:
        host = socket.inet_ntop(socket.AF_INET6, whole[4:20])
    else:
        host = whole[5:5 + head[4]].decode()
    port = int.from_bytes(whole[-2:], "big")
    with open(os.path.join(directory, "seen"), "a") as f:
        f.write("%d %s %d\n" % (head[3], host, port))
    link.request = b""
    try:
        far = socket.create_connection((host, port), timeout=5)
    except OSError:
        client.sendall(b"\x05\x05\x00\x01" + bytes(6))
        link.close()
        return
    client.sendall(b"\x05\x00\x00\x01" + bytes(6))
    link.ends.append(far)
    links[far] = link
    selector.register(far, selectors.EVENT_READ)


def readable(s):
    global budget
    link = links.get(s)
    if link is None:
        return
    if len(link.ends) == 1:
        data = s.recv(4096)
        if data:
            handshake(link, data)
        else:
            link.close()
        return
    limit = 16384 if budget is None else min(16384, budget)
    if limit == 0:
        return
    try:
        data = s.recv(limit)
        if data:
            link.other(s).sendall(data)
    except OSError:
        data = b""
    if not data:
        link.close()
    elif budget is not None:
        budget -= len(data)


def obey(line):
    global budget
    words = line.split()
    budget = int(words[2]) if words[0] == "hold" else None
    if words[0] == "cut":
        for link in set(links.values()):
            link.close()


def main():
    door = socket.create_server(("127.0.0.1", 0))
    selector.register(door, selectors.EVENT_READ)
    with open(os.path.join(directory, "port.new"), "w") as f:
        f.write("%d\n" % door.getsockname()[1])
    os.rename(os.path.join(directory, "port.new"), os.path.join(directory, "port"))
    done = ""
    while True:
        for key, _ in selector.select(0.02):
            if key.fileobj is door:
                client, _ = door.accept()
                links[client] = Link(client)
                selector.register(client, selectors.EVENT_READ)
            else:
                readable(key.fileobj)
        if budget == 0:
            # What is held stays in the kernel: only the door and the command are looked at.
            time.sleep(0.02)
        try:
            with open(os.path.join(directory, "command")) as f:
                line = f.readline()
        except OSError:
            continue
        if line.endswith("\n") and line != done:
            obey(line)
            done = line
            with open(os.path.join(directory, "obeyed.new"), "w") as f:
                f.write(line)
            os.rename(os.path.join(directory, "obeyed.new"), os.path.join(directory, "obeyed"))


main()
