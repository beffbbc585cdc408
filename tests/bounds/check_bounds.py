#!/usr/bin/python3
"""check_bounds.py: no operation of the two fields wraps, and every result has the value and the bounds stated.

usage: check_bounds.py --clang CLANG --group proto/group [--mutants]

Compiles field51.c and field25.c to LLVM IR and goes through each function with inputs of which only the
bounds that the headers state are known. Proves, for all such inputs:
  - no addition, subtraction or multiplication wraps, no factor of vec_mul is above 32 bits, and no branch or address depends on data (z3,
    linear integer arithmetic over products and quotients);
  - each limb of the result keeps its bound (z3);
  - the result's value is that of the operation modulo p: the difference of the two is a linear form
    all of whose coefficients are multiples of p (exact), or what is left of it is zero (z3);
  - fe_freeze gives the one value in [0, p-1] (z3).
--mutants changes the source in ways that must be found, to show that the check can fail.
"""

import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import z3  # noqa: E402

from ir import Module, Num, Refused, World, combine  # noqa: E402
from prove import main  # noqa: E402

P = 2**255 - 19


class Field:
    """Where the limbs stand, and the bounds that the header states."""

    def __init__(self, source, places, tight, loose, three, checks):
        self.source, self.places, self.tight, self.loose, self.three = source, places, tight, loose, three
        self.canonical = [(1 << (n - p)) - 1 for p, n in zip(places, places[1:] + [255])]
        self.checks = checks


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

    def follows(self, form, lo, hi, what):
        self.require(form, lo, hi, what)  # intervals say so; let the prover agree

    def require(self, form, lo, hi, what):
        self.z.push()
        e = self.expr(form)
        self.z.add(z3.Or(e < lo, e > hi))
        answer = self.z.check()
        self.z.pop()
        if answer != z3.unsat:
            raise Refused(f"a {what} may leave [{lo:#x}, {hi:#x}] ({answer})")
        self.proved += 1


def element(world, name, bounds):
    return {8 * i: world.input(name, hi) for i, hi in enumerate(bounds)}


def value(field, limbs):
    form = {}
    for i, place in enumerate(field.places):
        form = combine(1, form, 1 << place, limbs[8 * i].form)
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


def product32(world, a, b):
    """vec_mul: 32 by 32 bits."""
    for x in (a, b):
        world.prover.require(x.form, 0, 2**32 - 1, "multiplicand")
    return world.mul(a, b, 64)


def common(f):
    """function, bounds of its inputs, bounds of the result, its value from those of the inputs"""
    return [
        ("mul", (f.loose, f.loose), f.tight, lambda w, a, b: times(w, a, b)),
        ("sq", (f.loose,), f.tight, lambda w, a: times(w, a, a)),
        ("tighten", (f.loose,), f.tight, lambda w, a: a),
        ("add", (f.tight, f.tight), f.loose, lambda w, a, b: combine(1, a, 1, b)),
        ("sub", (f.three, f.tight), f.loose, lambda w, a, b: combine(1, a, -1, b)),
        ("freeze", (f.loose,), f.canonical, lambda w, a: a),
        ("negate_if", (None, f.tight), f.loose, None),
    ]


def columns(f):
    """What field25.h carries later: columns of products."""
    return [
        ("mul_wide", (f.loose, f.loose), [COLUMN] * 10, lambda w, a, b: times(w, a, b)),
        ("sq_wide", (f.loose,), [COLUMN] * 10, lambda w, a: times(w, a, a)),
        ("narrow", ([CARRIED] * 10,), f.tight, lambda w, a: a),
        ("narrow_sub", ([2**63 - 1] * 10, [SUBTRACTED0] + [SUBTRACTED] * 9), f.tight, lambda w, a, b: combine(1, a, -1, b)),
    ]


def evens_odds(even, odd):
    return [even, odd] * 5


COLUMN = int(2**62.5)
CARRIED = int(2**63.9)
SUBTRACTED0, SUBTRACTED = int(2**60.6), int(2**59.9)
FIELDS = [
    Field("field51.c", [51 * i for i in range(5)], [2**51 + 2**13 - 1] * 5, [2**54 - 1] * 5, [3 * (2**51 + 2**13 - 1)] * 5, common),
    Field("field25.c", [(51 * i + 1) // 2 for i in range(10)], evens_odds(2**26 - 1, 2**25 + 2**18 - 1),
          evens_odds(int(3.3 * 2**26), int(3.3 * 2**25)), evens_odds(2**26 - 1, 2**25 + 2**18 - 1),
          lambda f: common(f) + columns(f)),
]


def check(field, module, name, bounds, result_bounds, meaning):
    prover = Prover()
    world = World(prover)
    inputs = [{0: world.input("m", 2**64 - 1)} if b is None else element(world, "ab"[i % 2], b) for i, b in enumerate(bounds)]
    before = [value(field, x) for x, b in zip(inputs, bounds) if b is not None]
    out = {}
    special = {"vec_select": select, "vec_mul": product32}
    module.run(world, "bound_" + name, [(out, 0)] + [(x, 0) for x in inputs], special)
    for i, hi in enumerate(result_bounds):
        prover.require(out[8 * i].form, 0, hi, "limb of the result")
    if name == "freeze":
        prover.require(value(field, out), 0, P - 1, "canonical value")
    if meaning is not None:
        rest = combine(1, value(field, out), -1, meaning(world, *before))
        rest = {v: (c + P // 2) % P - P // 2 for v, c in rest.items() if c % P != 0}
        if rest:  # in fe_freeze: 19 times the difference of a carry computed in two ways
            prover.require(rest, 0, 0, "value modulo p")
    return prover.proved


def compile_ir(field, clang, group, changed=None, header=None):
    with tempfile.TemporaryDirectory() as folder:
        include = [f"-I{group}"]
        if changed is not None:
            os.makedirs(f"{folder}/lanes")
            for name in os.listdir(f"{group}/lanes"):  # headers there include each other
                shutil.copy(f"{group}/lanes/{name}", f"{folder}/lanes")
            with open(f"{folder}/lanes/{header or field.source[:-2] + '.h'}", "w", encoding="utf-8") as f:
                f.write(changed)
            include.insert(0, f"-I{folder}")
        source = os.path.join(os.path.dirname(os.path.abspath(__file__)), field.source)
        subprocess.run([clang, "-std=c11", "-Werror", "-O0", "-S", "-emit-llvm", "-Xclang", "-disable-O0-optnone", *include, source,
                        "-o", f"{folder}/f.ll"], check=True)
        with open(f"{folder}/f.ll", encoding="utf-8") as f:
            return Module(f.read())


def run_all(field, module, say, only=None):
    for name, bounds, result_bounds, meaning in field.checks(field):
        if only not in (None, name):
            continue
        n = check(field, module, name, bounds, result_bounds, meaning)
        if say:
            print(f"{field.source[:-2]} {name:>10}  {n:4} obligations proved{', value proved' if meaning else ''}")


# field, text, changed to, what that is, the function in which it shows
MUTANTS = [
    (0, "19 * (uint64_t)(c4 >> 51)", "18 * (uint64_t)(c4 >> 51)", "another value", "mul"),
    (0, "const uint64_t d0 = 2 * a0,", "const uint64_t d0 = a0,", "a missing factor", "sq"),
    (0, "return 2 * (i == 0", "return 1 * (i == 0", "p in place of 2p", "sub"),
    (0, "c3 += (uint64_t)(c2 >> 51);", "c3 += (uint64_t)(c2 >> 52);", "another shift", "mul"),
    (0, "(h.v[0] + 19) >> 51", "(h.v[0] + 20) >> 51", "p - 1 taken for p", "freeze"),
    (0, "typedef unsigned __int128 fe_product", "typedef uint64_t fe_product", "a product that is cut", "mul"),
    (1, "vec_shl(c, 4)", "vec_shl(c, 3)", "another multiple", "tighten"),
    (1, "FE_ROW_ODD(3);", "FE_ROW_EVEN(3);", "a missing factor", "mul"),
    (1, "fe_multiple_of_p(i, 36)", "fe_multiple_of_p(i, 33)", "a difference that wraps", "narrow_sub"),
    (1, "fe_multiple_of_p(i, 1)), b->v[i]", "fe_multiple_of_p(i, 0)), b->v[i]", "p in place of 2p", "sub"),
]


def prove_all(clang, group):
    for field in FIELDS:
        run_all(field, compile_ir(field, clang, group), True)


def mutant(i, old, new, what, function):
    field = FIELDS[i]
    header = field.source[:-2] + ".h"
    return header, old, new, what, lambda clang, group, text, _: run_all(field, compile_ir(field, clang, group, text), False, function)


if __name__ == "__main__":
    main(prove_all, [mutant(*m) for m in MUTANTS])
