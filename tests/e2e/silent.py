#!/usr/bin/env python3
"""Nothing of an account stands in a log: silent.py LOG CSV... looks for every name, id, website and owner."""
import csv
import sys

COMMON = {"true", "false", "customer", "prospect", "partner", "connected", "complete", "round", "agreement", "services",
          "socket", "endpoint"}
with open(sys.argv[1], encoding="utf-8") as f:
    log = f.read().lower()
looked = 0
for path in sys.argv[2:]:
    with open(path, encoding="utf-8", newline="") as f:
        for row in csv.DictReader(f):
            for column, cell in row.items():
                words = cell.lower()
                wanted = any(w in column.lower() for w in ("id", "name", "web", "domain", "owner"))
                if not wanted or len(words) < 6 or words in COMMON:
                    continue
                looked += 1
                if words in log:
                    sys.exit("silent.py: %s holds %r of column %s" % (sys.argv[1], cell, column))
if looked < 500:
    sys.exit("silent.py: only %d cells were looked for" % looked)
