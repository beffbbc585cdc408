#!/usr/bin/env python3
"""A service manager's end of sd_notify(3): notified.py SOCKET FILE writes what arrives to FILE, line by line."""
import socket
import sys

s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
while True:
    with open(sys.argv[2], "a") as f:
        f.write(s.recv(4096).decode() + "\n")
