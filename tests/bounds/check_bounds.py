#!/usr/bin/python3
"""check_bounds.py: no operation of the portable field wraps, and every result has the value and the bounds stated.

usage: check_bounds.py --clang CLANG --group proto/group [--mutants]

Compiles field51.c to LLVM IR and goes through each function with inputs of which only the bounds in
field51.h are known. Proves, for all such inputs:
  - no addition, subtraction or multiplication wraps, and no branch or address depends on data (z3,
    linear integer arithmetic over products and quotients);
  - each limb of the result keeps its bound (z3);
  - the result's value is that of the operation modulo p: the difference of the two is a linear form
    all of whose coefficients are multiples of p (exact), or what is left of it is zero (z3);
  - fe_freeze gives the one value in [0, p-1] (z3).
--mutants changes the source in ways that must be found, to show that the check can fail.
"""

import argparse
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import z3  # noqa: E402

from ir import Module, Num, Refused, World, combine  # noqa: E402

P = 2**255 - 19
TIGHT = 2**51 + 2**13 - 1
LOOSE = 2**54 - 1
THREE = 3 * TIGHT


class Prover:
    def __init__(self):
        self.z = z3.SolverFor("QF_LIA")
        self.z.set("timeout", 20000)
        self.var, self.hi, self.proved = {}, {}, 0

    def variable(self, v, lo, hi):
        self.var[v], self.hi[v] = z3.Int(v), hi
        self.z.add(self.var[v] >= lo, self.var[v] <= hi)

    def expr(self, form):
        return z3.Sum([z3.IntVal(c) * (self.var[v] if v != 1 else z3.IntVal(1)) for v, c in form.items()] + [z3.IntVal(0)])

    def at_most(self, a, b):
        self.z.add(self.expr(a) <= self.expr(b))

    def require(self, form, lo, hi, what):
        self.z.push()
        e = self.expr(form)
        self.z.add(z3.Or(e < lo, e > hi))
        answer = self.z.check()
        self.z.pop()
        if answer != z3.unsat:
            raise Refused(f"a {what} may leave [{lo:#x}, {hi:#x}] ({answer})")
        self.proved += 1


def element(world, name, hi):
    return {8 * i: world.input(name, hi) for i in range(5)}


def value(limbs):
    form = {}
    for i in range(5):
        form = combine(1, form, 1 << (51 * i), limbs[8 * i].form)
    return form


def times(world, x, y):
    form = {}
    for v, c in x.items():
        for w, d in y.items():
            p = world.product(v, w)
            form[p] = form.get(p, 0) + c * d
    return form


def select(world, mask, a, b):
    """m ? a : b: only its bounds are known."""
    return Num({(v := world.fresh("s", min(a.lo, b.lo), max(a.hi, b.hi))): 1}, min(a.lo, b.lo), max(a.hi, b.hi))


# function, bounds of its inputs, bound of the result, its value from those of the inputs
CHECKS = [
    ("bound_mul", (LOOSE, LOOSE), TIGHT, lambda w, a, b: times(w, a, b)),
    ("bound_sq", (LOOSE,), TIGHT, lambda w, a: times(w, a, a)),
    ("bound_tighten", (LOOSE,), TIGHT, lambda w, a: a),
    ("bound_add", (TIGHT, TIGHT), LOOSE, lambda w, a, b: combine(1, a, 1, b)),
    ("bound_sub", (THREE, TIGHT), LOOSE, lambda w, a, b: combine(1, a, -1, b)),
    ("bound_freeze", (LOOSE,), 2**51 - 1, lambda w, a: a),
    ("bound_negate_if", (None, TIGHT), LOOSE, None),
]


def check(module, name, bounds, result_bound, meaning):
    prover = Prover()
    world = World(prover)
    inputs = [{0: world.input("m", 2**64 - 1)} if b is None else element(world, "ab"[i % 2], b) for i, b in enumerate(bounds)]
    before = [value(x) for x in inputs if len(x) == 5]
    out = {}
    module.run(world, name, [(out, 0)] + [(x, 0) for x in inputs], {"vec_select": select})
    for i in range(5):
        prover.require(out[8 * i].form, 0, result_bound, "limb of the result")
    if name == "bound_freeze":
        prover.require(value(out), 0, P - 1, "canonical value")
    if meaning is not None:
        rest = combine(1, value(out), -1, meaning(world, *before))
        rest = {v: (c + P // 2) % P - P // 2 for v, c in rest.items() if c % P != 0}
        if rest:  # in fe_freeze: 19 times the difference of a carry computed in two ways
            prover.require(rest, 0, 0, "value modulo p")
    return prover.proved


def compile_ir(clang, group, changed=None):
    with tempfile.TemporaryDirectory() as folder:
        include = [f"-I{group}"]
        if changed is not None:
            os.makedirs(f"{folder}/lanes")
            with open(f"{folder}/lanes/field51.h", "w", encoding="utf-8") as f:
                f.write(changed)
            include.insert(0, f"-I{folder}")
        source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "field51.c")
        subprocess.run([clang, "-std=c11", "-O0", "-S", "-emit-llvm", "-Xclang", "-disable-O0-optnone", *include, source,
                        "-o", f"{folder}/f.ll"], check=True)
        with open(f"{folder}/f.ll", encoding="utf-8") as f:
            return Module(f.read())


def run_all(module, say):
    for name, bounds, result_bound, meaning in CHECKS:
        n = check(module, name, bounds, result_bound, meaning)
        if say:
            print(f"{name[6:]:>10}  {n:4} obligations proved{', value proved' if meaning else ''}")


MUTANTS = [
    ("19 * (uint64_t)(c4 >> 51)", "18 * (uint64_t)(c4 >> 51)", "another value"),
    ("w4 = 19 * b4; /*", "w4 = 19 * b3; /*", "another operand"),
    ("const uint64_t d0 = 2 * a0,", "const uint64_t d0 = a0,", "a missing factor"),
    ("return 2 * (i == 0", "return 1 * (i == 0", "p in place of 2p"),
    ("c3 += (uint64_t)(c2 >> 51);", "c3 += (uint64_t)(c2 >> 52);", "another shift"),
    ("(h.v[0] + 19) >> 51", "(h.v[0] + 20) >> 51", "p - 1 taken for p"),
    ("typedef unsigned __int128 fe_product", "typedef uint64_t fe_product", "a product that is cut"),
]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--clang", default="clang")
    parser.add_argument("--group", required=True)
    parser.add_argument("--mutants", action="store_true")
    a = parser.parse_args()
    if not a.mutants:
        run_all(compile_ir(a.clang, a.group), True)
        return 0
    with open(f"{a.group}/lanes/field51.h", encoding="utf-8") as f:
        text = f.read()
    for old, new, what in MUTANTS:
        if text.count(old) < 1:
            print(f"not in the source any more: {old}")
            return 1
        try:
            run_all(compile_ir(a.clang, a.group, text.replace(old, new)), False)
        except Refused as e:
            print(f"found: {what}: {e}")
            continue
        print(f"not found: {what}: {old} -> {new}")
        return 1
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Refused as e:
        print(f"refused: {e}")
        sys.exit(1)
