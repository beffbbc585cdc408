#!/usr/bin/env python3
"""Byte strings by which an account could be known: needles.py LIST.csv... prints lines "LABEL HEX".

Of each row: the name, the domains, the record id; the first two as match keys; and MD5, SHA-1, SHA-256 and SHA-512 of all of these, as
bytes and as hex in both cases (the first 20 bytes stand for a hash).
"""
import csv
import hashlib
import sys


def key(kind, value):
    return bytes([kind]) + len(value).to_bytes(2, "big") + value


KEYS = {"Company Domain Name": [16], "Company name": [32, 33, 34]}


def forms(column, text):
    """With what they are called: the text, its lower case, and the match keys that a node makes of it."""
    for kind, data in (("text", text.encode()), ("lower", text.lower().encode())):
        yield kind, data
        for number in KEYS.get(column, []):
            yield "%s-key%d" % (kind, number), key(number, data)


for path in sys.argv[1:]:
    with open(path, encoding="utf-8", newline="") as f:
        for row in csv.DictReader(f):
            for column in ("Company name", "Company Domain Name", "Company owner", "Record ID"):
                if not row[column]:
                    continue
                for kind, data in forms(column, row[column]):
                    label = "%s/%s/%s" % (row["Record ID"], column.split()[1], kind)
                    if kind == "text" or data != row[column].encode():
                        print(label, data.hex())
                    for name in ("md5", "sha1", "sha256", "sha512"):
                        h = hashlib.new(name, data).digest()
                        print("%s/%s" % (label, name), h[:20].hex())
                        print("%s/%s-hex" % (label, name), h.hex()[:40].encode().hex())
                        print("%s/%s-HEX" % (label, name), h.hex()[:40].upper().encode().hex())
