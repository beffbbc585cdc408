#!/usr/bin/env python3
"""Two rounds that differ in which account was counted leave the same behind: same.py NODE1 NODE2 (directories of stopped nodes).

The lists of the rounds are the same, cell for cell. So is the main database, but for what is named below: identifiers and keys drawn
at random, times, signatures and hashes over those, and what the order of messages on the wire decides.
"""
import glob
import os
import re
import sqlite3
import sys

# (table, column): why two runs of one and the same round differ there.
MAY_DIFFER = {
    "round.id": "random",
    "round.created_at": "time",
    "round.started_at": "time",
    "round.finished_at": "time",
    "round.wall_ms": "time",
    "round.data_as_of": "time",
    "round.receipt": "signed, with times and hashes",
    "round.our_sig": "signature",
    "round.their_sig": "signature",
    "round.resume": "signature",
    "round.bytes_in": "acknowledgements",
    "round.bytes_out": "acknowledgements",
    "budget_debit.at": "time",
    "partner.last_seen_at": "time",
}


def tables(db):
    names = [n for n, in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]
    return [n for n in names if not n.startswith("sqlite_")]


def cells(db, table):
    cursor = db.execute('SELECT * FROM "%s"' % table)
    names = [d[0] for d in cursor.description]
    return names, cursor.fetchall()


def shape(value):
    """What may be known of a value that may differ: its type, and a blob's length."""
    return (type(value).__name__, len(value) if isinstance(value, bytes) else None)


def compare(one, two, loose):
    a, b = (sqlite3.connect("file:%s?mode=ro" % p, uri=True) for p in (one, two))
    wrong, rows, excused = [], 0, set()
    if tables(a) != tables(b):
        sys.exit("same.py: %s and %s have other tables" % (one, two))
    for table in tables(a):
        (names, x), (_, y) = cells(a, table), cells(b, table)
        if table in loose:
            x, y = loose[table](names, x), loose[table](names, y)
            if x != y:
                wrong.append("%s: %r" % (table, sorted(set(map(repr, x)) ^ set(map(repr, y)))[:6]))
            excused.add("order of " + table)
            rows += len(x)
            continue
        if len(x) != len(y):
            wrong.append("%s has %d rows and %d" % (table, len(x), len(y)))
        for r, s in zip(x, y):
            rows += 1
            for name, v, w in zip(names, r, s):
                place = table + "." + name
                if v == w:
                    continue
                if place not in MAY_DIFFER or shape(v) != shape(w):
                    wrong.append("%s: %r, %r" % (place, v, w))
                excused.add(place)
    return wrong, rows, excused


def column(names, rows, *wanted):
    at = [names.index(w) for w in wanted]
    return [tuple(r[i] for i in at) for r in rows]


ACK = 11
PHASES = {b"hello", b"commit", b"opening", b"verified", b"tags", b"match", b"open", b"slices", b"receipt"}


def log(names, rows):
    """What is said of each message, in no order. Which of two comes first is the network's choice, as are the number of ACKs, what is
    sent again, and the phases that a turn of the loop happens to end in."""
    said = [(d, t, s, re.search(rb"[ -~]*$", e).group()) for d, t, s, e in column(names, rows, "direction", "type", "size", "entry")]
    return sorted(e for e in said if e[1] != ACK and e[3] != b"sent again" and not (e[1] == 0 and e[3] in PHASES))


def openings(names, rows):
    """A salt and a digest for each entry about a message: all of one length."""
    return sorted({len(o) for o, in column(names, rows, "opening")})


def opened(names, rows):
    """Positions of keys that matched account by account: two coins decide their order and the slice of each."""
    said = column(names, rows, "grp", "rows")
    return sorted((g, r[i : i + 16]) for g, r in said for i in range(0, len(r), 16))


LOOSE = {"audit": log, "audit_opening": openings, "opened": opened}


def main():
    one, two = sys.argv[1:3]
    bad, rows, excused = compare(one + "/mandorla.db", two + "/mandorla.db", LOOSE)
    print("main database: %d rows, equal but for %s" % (rows, ", ".join(sorted(excused))))
    lists = [sorted(glob.glob(d + "/rounds/*.db")) for d in (one, two)]
    suffix = [[re.sub(r"^[0-9a-f]{32}", "", os.path.basename(p)) for p in side] for side in lists]
    if suffix[0] != suffix[1] or len(lists[0]) < 2:
        bad.append("lists: %r and %r" % tuple(suffix))
    for p, q in zip(*lists):
        wrong, rows, excused = compare(p, q, {})
        bad += ["%s %s" % (os.path.basename(p), w) for w in wrong] + ["%s: %s differs" % (p, e) for e in excused]
        print("list %s: %d rows, all equal" % (os.path.basename(p)[32:], rows))
    if bad:
        sys.exit("same.py: " + "\nsame.py: ".join(bad))


main()
