#!/usr/bin/python3
"""check_formulas.py: every field operation in the point formulas gets operands within its bounds.

usage: check_formulas.py --clang CLANG --group proto/group [--mutants]

check_bounds.py proves what each operation of a field does with operands within their bounds. Here the
functions above it (decoding, Elligator, encoding, doubling, adding, double-and-encode) are walked through
in the same way, with multiplications, squarings and canonical values replaced by what was proved of
them: an operand outside its bounds, or a sum or difference that wraps, is an error. Intervals
suffice, so no prover is needed. --mutants: changes of the source that must be found.
"""

import copy

from check_bounds import CARRIED, FIELDS, compile_ir
from ir import Num, Refused, World
from prove import main


class Intervals:
    """The prover's part, by intervals alone."""

    def __init__(self):
        self.hi, self.lo, self.proved = {}, {}, 0

    def variable(self, v, lo, hi):
        self.lo[v], self.hi[v] = lo, hi

    def at_most(self, a, b):
        pass

    def follows(self, form, lo, hi, what):
        """From the operands' intervals."""
        self.proved += 1

    def require(self, form, lo, hi, what):
        least = sum(c * (1 if v == 1 else self.lo[v] if c > 0 else self.hi[v]) for v, c in form.items())
        most = sum(c * (1 if v == 1 else self.hi[v] if c > 0 else self.lo[v]) for v, c in form.items())
        if least < lo or most > hi:
            raise Refused(f"a {what} may leave [{lo:#x}, {hi:#x}]: [{least:#x}, {most:#x}]")
        self.proved += 1


class Contracts:
    """What check_bounds.py proves of the functions that are not walked through again."""

    def __init__(self, field):
        self.f, self.limbs = field, len(field.places)

    def fill(self, world, at, bounds):
        obj, offset = at
        for i, hi in enumerate(bounds):
            obj[offset + 8 * i] = world.unknown(hi)

    def demand(self, at, bounds, what):
        obj, offset = at
        for i, hi in enumerate(bounds):
            n = obj[offset + 8 * i]
            if n.lo < 0 or n.hi > hi:
                raise Refused(f"limb {i} of an operand of {what} may be {n.hi:#x}, above {hi:#x}")

    def product(self, name):
        def call(world, r, *operands):
            for a in operands:
                if isinstance(a, tuple):
                    self.demand(a, self.f.loose, name)
            self.fill(world, r, self.f.tight)
        return call

    def tighten(self, world, r, a):
        self.demand(a, [CARRIED] * self.limbs if self.limbs == 10 else self.f.loose, "fe_tighten")
        self.fill(world, r, self.f.tight)

    def freeze(self, world, r, a):
        self.demand(a, self.f.loose, "fe_freeze")
        self.fill(world, r, self.f.canonical)

    def mask(self, world, a):
        self.demand(a, self.f.loose, "fe_is_zero or fe_is_negative")
        return world.unknown(2**64 - 1)

    def to_bytes(self, world, out, a, keep, count):
        self.demand(a, self.f.loose, "fe_to_bytes")

    def constant(self, world, r, limbs):
        self.fill(world, r, self.f.canonical)

    def columns(self, world, r, a, b):
        """fe_mul_wide: the columns from the limbs' bounds, with 19 and 2 as in field25.h."""
        x = [a[0][a[1] + 8 * i].hi for i in range(10)]
        y = [b[0][b[1] + 8 * i].hi for i in range(10)]
        self.demand(a, self.f.loose, "fe_mul_wide")
        self.demand(b, self.f.loose, "fe_mul_wide")
        h = [0] * 10
        for i in range(10):
            for j in range(10):
                h[(i + j) % 10] += x[i] * y[j] * (2 if i % 2 and j % 2 else 1) * (19 if i + j >= 10 else 1)
        self.fill(world, r, h)

    def special(self):
        wide = {"fe_mul_wide": self.columns, "fe_sq_wide": lambda w, r, a: self.columns(w, r, a, a)}
        return (wide if self.limbs == 10 else {}) | {
            "fe_mul": self.product("fe_mul"), "fe_sq": self.product("fe_sq"), "fe_sqn": self.product("fe_sqn"),
            "fe_tighten": self.tighten, "fe_freeze": self.freeze, "fe_is_zero": self.mask, "fe_is_negative": self.mask,
            "fe_to_bytes": self.to_bytes, "fe_constant": self.constant, "vec_eq": lambda w, a, b: w.unknown(2**64 - 1),
            "vec_select": lambda w, m, a, b: Num({w.fresh("s", min(a.lo, b.lo), max(a.hi, b.hi)): 1}, min(a.lo, b.lo), max(a.hi, b.hi)),
        }


class Walk:
    def __init__(self, field, module):
        self.field, self.module, self.contracts, self.say = field, module, Contracts(field), []
        self.size = 8 * len(field.places)

    def element(self, world, *bounds):
        """Elements one behind the other."""
        obj = {}
        for i, b in enumerate(bounds):
            self.contracts.fill(world, (obj, i * self.size), b)
        return (obj, 0)

    def limits(self, at, n):
        """The bounds that n elements have come out with."""
        obj, offset = at
        return [[obj[offset + e * self.size + 8 * i].hi for i in range(len(self.field.places))] for e in range(n)]

    def run(self, name, out, *inputs):
        """inputs: lists of elements' bounds, or a number for a plain word. Gives the bounds of `out` elements a result."""
        prover = Intervals()
        world = World(prover)
        results = [({}, 0) for _ in out]
        args = [({0: world.unknown(2**64 - 1)}, 0) if x is None else self.element(world, *x) for x in inputs]
        self.module.run(world, "bound_" + name, results + args, self.contracts.special())
        self.say.append(f"{self.field.source[:-2]} {name:>16}  {prover.proved:4} operations within their bounds")
        return [self.limits(r, n) for r, n in zip(results, out)]

    def within(self, what, found, allowed):
        for e, (x, y) in enumerate(zip(found, allowed)):
            for i, (a, b) in enumerate(zip(x, y)):
                if a > b:
                    raise Refused(f"{what}: limb {i} of element {e} may be {a:#x}, above {b:#x}")

    def everything(self):
        tight = self.field.tight
        point = [tight] * 4
        twice = [2 * x for x in tight]
        two_p = [2 * x for x in self.field.canonical]
        # Of a table: Y + X, Y - X, 2d T with either sign, 2Z; points and their coordinates are tight.
        cached = [tight, tight, [max(a, b) for a, b in zip(tight, two_p)], twice]
        self.within("a cached point", self.run("cache", [4], point)[0], [tight, tight, tight, twice])
        self.within("a sum", self.run("add_point", [4], point, cached)[0], point)
        self.within("a double", self.run("double", [4], point)[0], point)
        self.within("a step", self.run("digit", [3], point, cached)[0], point[:3])
        x, y, xy = self.run("decode_affine", [1, 1, 1], [tight])
        self.within("a decoded point", x + y + xy, point)
        self.within("Elligator's point", self.run("elligator", [4], [tight])[0], point)
        self.run("encode", [0], point)
        self.within("an inverse", self.run("invert", [1], [tight])[0], [tight])
        terms = self.run("halves_put", [4], point, None)[0]
        products = self.run("halves_products", [1, 1, 1], terms)
        flat = [p[0] for p in products]
        self.within("products", flat, [tight] * 3)
        self.run("halves_finish", [1], terms, [tight], [tight], [tight])


MUTANTS = [
    ("ristretto.h", "    fe_add(&t, &t, &u2_sq);\n    fe_tighten(&t, &t);\n", "    fe_add(&t, &t, &u2_sq);\n",
     "the negative limb: a sum that is negated before it was carried"),
    ("curve.h", "    fe_sub(&r->ym, &p->y, &p->x);\n    fe_tighten(&r->ym, &r->ym);\n", "    fe_sub(&r->ym, &p->y, &p->x);\n", "a difference kept in a table"),
    ("double_encode.h", "    fe_tighten(&s.e, &s.e);\n", "    fe_add(&s.e, &s.e, &s.e);\n", "a term that is no longer carried"),
]


def sources(field):
    f = copy.copy(field)
    f.source = field.source.replace(".c", "_curve.c")
    return f


def prove_all(clang, group):
    for field in FIELDS:
        walk = Walk(field, compile_ir(sources(field), clang, group))
        try:
            walk.everything()
        finally:
            print("\n".join(walk.say))


def prove_changed(clang, group, text, header):
    Walk(FIELDS[1], compile_ir(sources(FIELDS[1]), clang, group, text, header)).everything()


if __name__ == "__main__":
    main(prove_all, [(*m, prove_changed) for m in MUTANTS])
