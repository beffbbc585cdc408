#!/usr/bin/env python3
"""The lists of the test: lists.py DIR writes ours.csv, theirs-q.csv, theirs-r.csv and planted.csv.

Ours has the customers Q and R beside others. Theirs holds one of the two among its prospects, which are only counted against our customers;
its customers are compared account by account. `planted` is what only the other side has, of all levels, and what it alone
calls the accounts that match: its names, owners and record ids. Every word is made up, and long enough to be met by no chance.
"""
import csv
import random
import sys

HEADER = ["Company name", "Company Domain Name", "Company owner", "Lifecycle Stage", "Record ID"]
dice = random.Random(20261122)


def word():
    return "".join(dice.choice("bdfgklmnprstvz") + dice.choice("aeiou") for _ in range(5)).capitalize()


def company(stage, domain=None):
    return [word() + " " + word(), domain or word().lower() + "-" + word().lower() + ".com", word() + " " + word(),
            stage, str(dice.randrange(10**11, 10**12))]


def write(name, rows):
    with open(sys.argv[1] + "/" + name, "w", encoding="utf-8", newline="") as f:
        csv.writer(f).writerows([HEADER] + rows)


q, r = company("customer"), company("customer")
ours = [q, r] + [company("customer") for _ in range(8)] + [company("lead") for _ in range(5)]
# Both have these: ours and theirs call them otherwise.
matched = [company("customer", row[1]) for row in ours[4:7]]
counted = [company("lead", row[1]) for row in ours[7:9]]
only = [company(stage) for stage in ("customer", "lead", "opportunity") for _ in range(6)]
theirs = matched + counted + only
q_there, r_there = company("lead", q[1]), company("lead", r[1])
write("ours.csv", ours)
write("theirs-q.csv", theirs + [q_there])
write("theirs-r.csv", theirs + [r_there])
# The domains of what matches are our own words as well.
write("planted.csv", only + [[row[0], ""] + row[2:] for row in matched + counted + [q_there, r_there]])
write("own-q.csv", [q])
write("own-r.csv", [r])
