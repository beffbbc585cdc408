"""ir.py: runs straight LLVM IR (clang -O0) on numbers that are known only as linear forms.

Loop counters and addresses are plain numbers, so the control flow is followed as it is; a branch or an
address that depends on data is an error. Everything else is a `Num`: an exact linear form over
variables (inputs, products of two inputs, quotients of shifts), of which bounds are known. No
knowledge of the field is in here.
"""

import re


class Refused(Exception):
    """The code does something the check does not know or allow."""


class Num:
    """form: {variable or 1: coefficient}; lo <= value <= hi. `cut`: (form, bits) if the value is that form modulo 2^bits."""

    def __init__(self, form, lo, hi, cut=None):
        self.form, self.lo, self.hi, self.cut = form, lo, hi, cut

    def known(self):
        return self.form.get(1, 0) if set(self.form) <= {1} else None


def number(n):
    return Num({1: n} if n else {}, n, n)


def combine(a, x, b, y):
    """a x + b y as forms"""
    out = {v: a * c for v, c in x.items()}
    for v, c in y.items():
        out[v] = out.get(v, 0) + b * c
    return {v: c for v, c in out.items() if c}


class World:
    """The variables with what is known of them, and the obligations put to the prover."""

    def __init__(self, prover):
        self.prover, self.count, self.products, self.quotients = prover, 0, {}, {}

    def fresh(self, name, lo, hi):
        self.count += 1
        v = f"{name}{self.count}"
        self.prover.variable(v, lo, hi)
        return v

    def input(self, name, hi):
        return Num({(v := self.fresh(name, 0, hi)): 1}, 0, hi)

    def unknown(self, hi):
        return number(0) if hi == 0 else self.input("u", hi)

    def made(self, form, lo, hi, width, what):
        """A result that must fit `width` bits without wrapping."""
        if lo < 0 or hi >= 1 << width:
            self.prover.require(form, 0, (1 << width) - 1, what)
            lo, hi = max(lo, 0), min(hi, (1 << width) - 1)
        else:
            self.prover.follows(form, lo, hi, what)
        return Num(form, lo, hi)

    def add(self, a, b, width):
        return self.made(combine(1, a.form, 1, b.form), a.lo + b.lo, a.hi + b.hi, width, "sum")

    def sub(self, a, b, width):
        return self.made(combine(1, a.form, -1, b.form), a.lo - b.hi, a.hi - b.lo, width, "difference")

    def mul(self, a, b, width):
        form = {}
        for x, c in a.form.items():
            for y, d in b.form.items():
                v = x if y == 1 else y if x == 1 else self.product(x, y)
                form[v] = form.get(v, 0) + c * d
        return self.made(form, a.lo * b.lo, a.hi * b.hi, width, "product")

    def product(self, x, y):
        key = tuple(sorted((x, y)))
        if key not in self.products:
            hx, hy = self.prover.hi[x], self.prover.hi[y]
            v = self.fresh("p", 0, hx * hy)
            self.prover.at_most({v: 1}, {x: hy})
            self.prover.at_most({v: 1}, {y: hx})
            self.products[key] = v
        return self.products[key]

    def join(self, low, high):
        form = combine(1, low.form, 1 << 64, high.form)
        return self.made(form, low.lo + (high.lo << 64), low.hi + (high.hi << 64), 128, "joined value")

    def shift_right(self, a, n):
        if a.known() is not None:
            return number(a.known() >> n)
        if a.hi >> n == 0:
            return number(0)
        form, lo, hi = a.form, a.lo, a.hi
        if a.cut is not None and a.cut[1] - n < 0:
            raise Refused("a shift by more than the width")
        key = (frozenset(form.items()), n)
        if key not in self.quotients:
            q = self.fresh("q", lo >> n, hi >> n)
            self.prover.at_most({q: 1 << n}, form)
            self.prover.at_most(form, {q: 1 << n, 1: (1 << n) - 1})
            self.quotients[key] = q
        return Num({self.quotients[key]: 1}, lo >> n, hi >> n)

    def low_bits(self, a, n):
        """a mod 2^n"""
        if a.known() is not None:
            return number(a.known() & ((1 << n) - 1))
        source = a
        if a.cut is not None:
            if n > a.cut[1]:
                return a
            source = a.cut[0]
        if source.hi < 1 << n:
            return Num(source.form, source.lo, source.hi)
        q = self.shift_right(source, n)
        form = combine(1, source.form, -(1 << n), q.form)
        return Num(form, 0, (1 << n) - 1)

    def truncate(self, a, width):
        if a.hi < 1 << width:
            return a
        low = self.low_bits(a, width)
        return Num(low.form, low.lo, low.hi, cut=(a, width))


SIZES = {"i1": 1, "i8": 1, "i32": 4, "i64": 8, "i128": 16, "{ i64, i64 }": 16}


TYPE = r"(?:\[\d+ x [^\]]+\]|%struct\.\w+|\{ i64, i64 \}|i\d+)\**"


class Module:
    def __init__(self, text):
        self.functions, self.globals = {}, {}
        self.structs = {m[1]: m[2].split(", ") for m in re.finditer(r"^(%struct\.\w+) = type \{ (.*) \}", text, re.M)}
        for m in re.finditer(r"^@([\w.]+) = .*constant i64 (\d+)", text, re.M):
            self.globals[m[1]] = int(m[2])
        for m in re.finditer(r"^define [^@]*@([\w.]+)\((.*?)\)[^{]*\{\n(.*?)^\}", text, re.M | re.S):
            arguments = [a.split()[-1] for a in m[2].split(", ") if a]
            blocks, label = {}, str(len(arguments))
            blocks[label] = []
            for line in m[3].split("\n"):
                line = re.sub(r", (align \d+|!.*)", "", line.split(";")[0]).strip()
                if re.fullmatch(r"[\w.]+:", line):
                    label = line[:-1]
                    blocks[label] = []
                elif line:
                    blocks[label].append(line)
            self.functions[m[1]] = (arguments, blocks, str(len(arguments)))

    def size_of(self, ty):
        """Of what is made of 64-bit words only, so that nothing is padded."""
        if ty.endswith("*"):
            return 8
        if ty in self.structs:
            return sum(self.size_of(t) for t in self.structs[ty])
        m = re.fullmatch(r"\[(\d+) x (.+)\]", ty)
        return int(m[1]) * self.size_of(m[2]) if m else SIZES[ty]

    def run(self, world, name, values, special):
        return Frame(self, world, special).run(name, values)


class Frame:
    def __init__(self, module, world, special):
        self.module, self.world, self.special = module, world, special
        self.r, self.steps = {}, 0

    def value(self, text):
        text = text.strip()
        if text in self.r:
            return self.r[text]
        if text in ("true", "false"):
            return number(text == "true")
        if text.startswith("@"):
            return ({0: number(self.module.globals[text[1:]])}, 0) if text[1:] in self.module.globals else ({"name": text[1:]}, 0)
        return number(int(text))

    def plain(self, text, why):
        n = self.value(text)
        n = n.known() if isinstance(n, Num) else None
        if n is None:
            raise Refused(f"{why} depends on data")
        return n

    def run(self, name, values):
        arguments, blocks, label = self.module.functions[name]
        self.r = dict(zip(arguments, values))
        came = None
        while True:
            for line in blocks[label]:
                self.steps += 1
                if line.startswith("ret"):
                    return self.value(line.split()[-1]) if line != "ret void" else None
                if line.startswith("br"):
                    came, label = label, self.branch(line)
                    break
                self.came = came
                self.step(line)

    def branch(self, line):
        m = re.fullmatch(r"br i1 (\S+), label %(\S+), label %(\S+)", line)
        if m is None:
            return re.fullmatch(r"br label %(\S+)", line)[1]
        return m[2] if self.plain(m[1], "a branch") else m[3]

    def step(self, line):
        m = re.fullmatch(r"(?:(%\S+) = )?(\w+) (.*)", line)
        handler = getattr(self, "do_" + (m[2] if m[2] != "tail" else "call"), None)
        if handler is None:
            raise Refused(f"unknown instruction: {line}")
        result = handler(m[3])
        if m[1]:
            self.r[m[1]] = result

    # memory: a pointer is (object, offset), an object {offset: value}
    def do_alloca(self, rest):
        return ({}, 0)

    def do_store(self, rest):
        m = re.fullmatch(rf"{TYPE} (\S+), {TYPE} (\S+)", rest)
        obj, at = self.value(m[2])
        obj[at] = self.value(m[1])

    def do_load(self, rest):
        m = re.fullmatch(rf"{TYPE}, {TYPE} (\S+)", rest)
        obj, at = self.value(m[1])
        wide = rest.startswith("i128,")
        # A 128-bit argument travels as two halves and is put together again.
        if wide and at + 8 in obj:
            return self.world.join(obj[at], obj[at + 8])
        if not wide and at not in obj and at - 8 in obj:
            return self.world.shift_right(obj[at - 8], 64)
        if at not in obj:
            raise Refused(f"reads what was not written: {rest}")
        return obj[at] if wide or not isinstance(obj[at], Num) else self.world.truncate(obj[at], 64)

    def do_getelementptr(self, rest):
        m = re.fullmatch(rf"inbounds ({TYPE}), {TYPE} ([^\s,]+)((?:, i\d+ [^\s,]+)+)", rest)
        obj, at = self.value(m[2])
        if m[1] == "{ i64, i64 }":
            return (obj, at + 8 * self.plain(re.findall(r"\d+", m[3])[-1], "an address"))
        ty, index = m[1], re.findall(r", i\d+ ([^\s,]+)", m[3])
        size_of = self.module.size_of
        at += size_of(ty) * self.plain(index[0], "an address")
        for i in index[1:]:
            n = self.plain(i, "an address")
            if ty in self.module.structs:
                parts = self.module.structs[ty]
                at += sum(size_of(t) for t in parts[:n])
                ty = parts[n]
            else:
                ty = re.fullmatch(r"\[\d+ x (.+)\]", ty)[1]
                at += size_of(ty) * n
        return (obj, at)

    def do_bitcast(self, rest):
        return self.value(re.fullmatch(r".* (\S+) to .*", rest)[1])

    # arithmetic
    def two(self, rest):
        m = re.fullmatch(r"(?:nuw |nsw )*i(\d+) (\S+), (\S+)", rest)
        return int(m[1]), self.value(m[2]), self.value(m[3])

    def do_add(self, rest):
        w, a, b = self.two(rest)
        return self.world.add(a, b, w)

    def do_sub(self, rest):
        w, a, b = self.two(rest)
        return self.world.sub(a, b, w)

    def do_mul(self, rest):
        w, a, b = self.two(rest)
        return self.world.mul(a, b, w)

    def do_lshr(self, rest):
        w, a, b = self.two(rest)
        return self.world.shift_right(a, b.known())

    def do_and(self, rest):
        w, a, b = self.two(rest)
        if a.known() is not None:
            a, b = b, a
        mask = b.known()
        if mask is None:  # of two masks, or of a mask and a number
            return self.world.unknown(min(a.hi, b.hi))
        if mask & (mask + 1):
            raise Refused("an 'and' that keeps other than the low bits")
        return self.world.low_bits(a, mask.bit_length())

    def do_or(self, rest):
        w, a, b = self.two(rest)
        return self.world.unknown((1 << max(a.hi, b.hi).bit_length()) - 1)

    do_xor = do_or

    def do_zext(self, rest):
        return self.value(re.fullmatch(r"i\d+ (\S+) to i\d+", rest)[1])

    def do_trunc(self, rest):
        m = re.fullmatch(r"i\d+ (\S+) to i(\d+)", rest)
        return self.world.truncate(self.value(m[1]), int(m[2]))

    def do_icmp(self, rest):
        m = re.fullmatch(r"(eq|ne|ult|slt) i\d+ (\S+), (\S+)", rest)
        if m is None:
            raise Refused(f"unknown comparison: {rest}")
        a, b = self.plain(m[2], "a comparison"), self.plain(m[3], "a comparison")
        return number({"eq": a == b, "ne": a != b, "ult": a < b, "slt": a < b}[m[1]])

    def do_shl(self, rest):
        w, a, b = self.two(rest)
        return self.world.mul(a, number(1 << b.known()), w)

    def do_urem(self, rest):
        m = re.fullmatch(r"i\d+ (\S+), (\S+)", rest)
        return number(self.plain(m[1], "a remainder") % self.plain(m[2], "a remainder"))

    def do_phi(self, rest):
        return self.value(dict((b, a) for a, b in re.findall(r"\[ (\S+), %(\S+) \]", rest))[self.came])

    def do_select(self, rest):
        m = re.fullmatch(r"i1 (\S+), i\d+ (\S+), i\d+ (\S+)", rest)
        return self.value(m[2] if self.plain(m[1], "a selection") else m[3])

    def do_call(self, rest):
        m = re.search(r"@([\w.]+)\((.*)\)", rest)
        # A global array is handed over as a constant expression; its name is all that is needed.
        arguments = re.sub(r"bitcast \([^@]*(@[\w.]+)[^)]*\)", r"\1", m[2])
        arguments = re.sub(r"getelementptr inbounds \([^@]*(@[\w.]+)[^)]*\)", r"\1", arguments)
        values = [self.value(a.split()[-1]) for a in arguments.split(", ")]
        if m[1].startswith("llvm.dbg") or m[1].startswith("llvm.lifetime"):
            return None
        if m[1].startswith("llvm.memcpy"):
            (to, t), (fro, f), n = values[0], values[1], values[2].known()
            for at in range(0, n, 8):
                to[t + at] = fro[f + at]
            return None
        if m[1] in self.special:
            return self.special[m[1]](self.world, *values)
        frame = Frame(self.module, self.world, self.special)
        result = frame.run(m[1], values)
        self.steps += frame.steps
        return result
