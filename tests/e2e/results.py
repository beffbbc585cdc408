#!/usr/bin/env python3
"""Checks the CSV files of one round against each other and against the truth.

usage: results.py OUT DATA
OUT holds vendor/ and partner/ with overlap.csv, review.csv, whitespace.csv, matrix.csv and numbers (name=value lines
of what the node itself counts); DATA is tests/data/demo.
"""
import csv
import sys

out, data = sys.argv[1], sys.argv[2]
HEADER = ["record_id", "name", "population", "matched_key_type", "partner_population", "website", "source"]


def rows(path, encoding="utf-8"):
    with open(path, encoding=encoding, newline="") as f:
        table = list(csv.reader(f))
    return table[0], [dict(zip(table[0], r)) for r in table[1:]]


def expect(ok, what):
    if not ok:
        sys.exit("results.py: " + what)


def equal(a, b, what):
    expect(a == b, "%s: %r, expected %r" % (what, a, b))


class Side:
    def __init__(self, name, lists):
        path = "%s/%s/" % (out, name)
        header, self.overlap = rows(path + "overlap.csv")
        equal(header, HEADER, "columns of %soverlap.csv" % path)
        header, self.review = rows(path + "review.csv")
        equal(header, HEADER, "columns of %sreview.csv" % path)
        header, self.whitespace = rows(path + "whitespace.csv")
        equal(header, ["record_id", "name", "population", "website", "source", "review", "not_among"], "columns of whitespace")
        header, self.matrix = rows(path + "matrix.csv")
        equal(
            header,
            ["population", "partner_population", "accounts", "level", "keys_in_common", "our_keys", "their_keys"],
            "columns of matrix.csv",
        )
        with open(path + "numbers") as f:
            self.numbers = {k: int(v) for k, v in (line.strip().split("=") for line in f)}
        self.name = name
        self.records = {r[lists[1]] for r in rows("%s/%s" % (data, lists[0]))[1]}


def sets(side):
    """Overlap and whitespace part the accounts; what is only for review stays whitespace."""
    matched = [r["record_id"] for r in side.overlap]
    free = [r["record_id"] for r in side.whitespace]
    equal(len(set(matched)), len(matched), side.name + ": a record twice in the overlap")
    equal(len(set(free)), len(free), side.name + ": a record twice in the whitespace")
    equal(set(matched) & set(free), set(), side.name + ": in overlap and whitespace")
    equal(len(matched) + len(free), side.numbers["own_total"], side.name + ": overlap and whitespace together")
    expect(set(matched) | set(free) <= side.records, side.name + ": an account that is not in the list")
    equal(len(matched), side.numbers["own_accounts"], side.name + ": accounts matched")
    expect({r["record_id"] for r in side.review} <= set(free), side.name + ": a review row is no whitespace")
    marked = {r["record_id"] for r in side.whitespace if r["review"] == "yes"}
    equal(marked, {r["record_id"] for r in side.review}, side.name + ": whitespace marked for review")
    equal({r["not_among"] for r in side.whitespace}, {"customers;open-opportunities;prospects"}, side.name + ": against")
    expect(len(side.review) > 0, side.name + ": nothing for review, so that rule was not tested")


def matrix(side):
    """Each figure of the matrix is a count of overlap rows."""
    cells = {(m["population"], m["partner_population"]): int(m["accounts"]) for m in side.matrix}
    own, theirs = [], []
    for r in side.overlap:
        own.append(set(r["population"].split(";")))
        theirs.append(set(r["partner_population"].split(";")))
        expect(own[-1] != {""} and theirs[-1] != {""}, side.name + ": a row without population")
    counted = {}
    for a, b in zip(own, theirs):
        for x in a:
            for y in b:
                counted[x, y] = counted.get((x, y), 0) + 1
    populations = {"customers", "open-opportunities", "prospects"}
    for key, n in cells.items():
        if set(key) <= populations:
            equal(n, counted.pop(key, 0), "%s: cell %s" % (side.name, key))
    equal(counted, {}, side.name + ": populations that the matrix has not")
    equal(len([k for k in cells if set(k) <= populations]), 9, side.name + ": cells")


def quality(vendor, partner):
    """Against truth.csv: rows without an id there are unknown, not different."""
    ids = {}
    for r in rows(data + "/truth.csv")[1]:
        ids[r["file"], r["record"]] = r["same_company_id"]
    same = {}
    for r in rows(data + "/../../quality/same_company.csv")[1]:
        same[r["id_a"]] = r["id_b"]
    for k, v in ids.items():
        ids[k] = same.get(v, v)
    theirs = {v for (f, _), v in ids.items() if f.startswith("partner")}
    theirs_unknown = {r for r in partner.records if ("partner-hubspot-companies.csv", r) not in ids}
    ours = {r: v for (f, r), v in ids.items() if f == "vendor-salesforce-accounts.csv"}
    matched = {r["record_id"] for r in vendor.overlap}
    true = {r for r, v in ours.items() if v in theirs}
    false = {r for r in matched if r in ours and ours[r] not in theirs}
    recall = len(matched & true) / len(true)
    precision = 1 - len(false) / len(matched)
    print("recall %.3f (%d of %d), precision at least %.3f (%d doubtful of %d), %d of their rows unknown" % (
        recall, len(matched & true), len(true), precision, len(false), len(matched), len(theirs_unknown)))
    expect(recall >= 0.90, "recall %.3f" % recall)
    expect(precision >= 0.97, "precision %.3f" % precision)


v = Side("vendor", ("vendor-salesforce-accounts.csv", "Id"))
p = Side("partner", ("partner-hubspot-companies.csv", "Record ID"))
for s in (v, p):
    sets(s)
    matrix(s)
for a, b in ((v, p), (p, v)):
    equal(a.numbers["keys"], b.numbers["keys"], "matched keys of the two sides")
    equal(a.numbers["own_accounts"], b.numbers["partner_accounts"], "accounts as the other side counts them")
    # What one side says of its populations the other reports of its partner's.
    expect({x for r in a.overlap for x in r["population"].split(";")} ==
           {x for r in b.overlap for x in r["partner_population"].split(";")}, "populations of the two sides")
quality(v, p)
