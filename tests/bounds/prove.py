"""What both proofs share: the command line, and mutants, which a proof must refuse. May not prove anything itself."""
import argparse
import sys

from ir import Refused


def find(clang, group, mutant):
    """A mutant: header below lanes, text, changed to, what that is, prove(clang, group, changed text, header)."""
    header, old, new, what, prove = mutant
    with open(f"{group}/lanes/{header}", encoding="utf-8") as f:
        text = f.read()
    if old not in text:
        print(f"not in {header} any more: {old}")
        return False
    try:
        prove(clang, group, text.replace(old, new), header)
    except Refused as e:
        print(f"found: {what}: {e}")
        return True
    print(f"not found: {what}: {old} -> {new}")
    return False


def main(prove_all, mutants):
    parser = argparse.ArgumentParser()
    parser.add_argument("--clang", default="clang")
    parser.add_argument("--group", required=True)
    parser.add_argument("--mutants", action="store_true")
    a = parser.parse_args()
    try:
        if a.mutants:
            sys.exit(0 if all(find(a.clang, a.group, m) for m in mutants) else 1)
        prove_all(a.clang, a.group)
    except Refused as e:
        print(f"refused: {e}")
        sys.exit(1)
