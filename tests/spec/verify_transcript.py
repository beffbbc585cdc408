"""verify_transcript.py [--tampered] FILE: derives every value of a recorded round anew, from docs/PROTOCOL.md alone.

FILE ("-": standard input) is JSON: what each side sent, and what only the two of them know (keys, scalars, list seeds).
It shares no code with proto/: whoever can follow this file can write a node. With --tampered each field of each message
is changed in turn, and every change must be noticed by the clause that the field belongs to."""
import copy
import hashlib
import hmac
import json
import sys

import ristretto255 as r

A, B = 0, 1


class Refused(Exception):
    pass


def need(condition, clause):
    if not condition:
        raise Refused("PROTOCOL " + clause)


# ---- 1 and 2: notation and encoding --------------------------------------------------------------------------------


def u8(v):
    return v.to_bytes(1, "big")


def u32(v):
    return v.to_bytes(4, "big")


def lp(x):
    return u32(len(x)) + x


def tagged(label, *parts):
    return r.sha512(lp(b"mandorla/1"), lp(label.encode()), *map(lp, parts))


def pack_head(small, limit, codes, n):
    """The shortest header: a fix form below `limit`, else the first of the (code, width) it fits into."""
    if n < limit:
        return bytes([small | n])
    for code, width in codes:
        if n < 1 << 8 * width:
            return bytes([code]) + n.to_bytes(width, "big")
    raise Refused("PROTOCOL 2.1")


def pack(v):
    if isinstance(v, bool):
        return b"\xc3" if v else b"\xc2"
    if isinstance(v, int):
        return pack_head(0, 128, ((0xCC, 1), (0xCD, 2), (0xCE, 4), (0xCF, 8)), v)
    if isinstance(v, bytes):
        return pack_head(0, 0, ((0xC4, 1), (0xC5, 2), (0xC6, 4)), len(v)) + v
    if isinstance(v, str):
        return pack_head(0xA0, 32, ((0xD9, 1), (0xDA, 2), (0xDB, 4)), len(v.encode())) + v.encode()
    return pack_head(0x90, 16, ((0xDC, 2), (0xDD, 4)), len(v)) + b"".join(map(pack, v))


def take(b, n):
    need(n <= len(b), "2.2")
    return b[:n], b[n:]


def unpack_one(b):
    head, b = take(b, 1)
    c = head[0]
    if c < 0x80:
        return c, b
    if c in (0xC2, 0xC3):
        return c == 0xC3, b
    if 0x90 <= c < 0xA0:
        kind, n = list, c & 15
    elif 0xA0 <= c < 0xC0:
        kind, n = str, c & 31
    else:
        kinds = {0xC4: bytes, 0xCC: int, 0xD9: str}
        base = max((k for k in kinds if k <= c), default=0)
        need(c in (0xDC, 0xDD) or (base and c - base < (4 if base == 0xCC else 3)), "2.1")
        kind = list if c >= 0xDC else kinds[base]
        raw, b = take(b, 1 << (c - 0xDC + 1 if c >= 0xDC else c - base))
        n = int.from_bytes(raw, "big")
    if kind is int:
        return n, b
    if kind is list:
        items = []
        for _ in range(n):
            v, b = unpack_one(b)
            items.append(v)
        return items, b
    raw, b = take(b, n)
    return (raw if kind is bytes else raw.decode()), b


def unpack(b):
    v, rest = unpack_one(b)
    need(rest == b"" and pack(v) == b, "2.1")
    return v


HELLO, COMMIT, CHUNK, VERIFIED, TAG_COMMIT, TAGS, MATCH, OPEN, SLICE, MASKS = range(16, 26)
RECEIPT_PART, RECEIPT_SIG = 40, 41
FIELDS = {
    HELLO: "version suite levels agreement profiles nonce empty",
    COMMIT: "g n chunks list_root key_commitment coin_commitment signature",
    CHUNK: "g c points",
    VERIFIED: "g",
    TAG_COMMIT: "g commitment",
    TAGS: "g c salt tags",
    MATCH: "g m digest",
    OPEN: "g K key_salt coin coin_salt",
    SLICE: "g j positions proof",
    MASKS: "g j populations registries",
    RECEIPT_PART: "transcript_sent transcript_received accounts review finished",
    RECEIPT_SIG: "signature",
}


class Message:
    def __init__(self, raw):
        envelope = unpack(raw)
        need(isinstance(envelope, list) and len(envelope) == 6 and envelope[0] == 1, "4.1")
        self.type, self.round, self.seq, self.ack, body = envelope[1:]
        need(self.type in FIELDS, "4.1")
        names = FIELDS[self.type].split()
        need(isinstance(body, list) and len(body) == len(names), "2.4")
        self.raw = raw
        self.__dict__.update(zip(names, body))


def cut(b, width):
    need(len(b) % width == 0, "6")
    return [b[i : i + width] for i in range(0, len(b), width)]


def ascending(items):
    return all(x < y for x, y in zip(items, items[1:]))


# ---- a round: 4.5, 5, 6.2, 8 ---------------------------------------------------------------------------------------


class Round:
    def __init__(self, t):
        self.t = t
        self.round = bytes.fromhex(t["round"])
        agreement = bytes.fromhex(t["agreement"])
        self.agreement = unpack(agreement)
        self.agreement_hash = tagged("agreement", agreement)
        self.identity = [bytes.fromhex(side["identity"]) for side in t["sides"]]
        need(self.identity[A] < self.identity[B] and self.agreement[1:3] == self.identity, "1.6")
        self.suite, self.profiles, self.groups, self.caps = self.agreement[5:9]
        self.check_terms()
        self.sent = [[Message(bytes.fromhex(m)) for m in side["messages"]] for side in t["sides"]]
        for role in (A, B):
            for i, m in enumerate(self.sent[role]):
                need(m.round == self.round and m.seq == i + 1, "5.1")
        self.check_hello()

    def check_terms(self):
        """4.5"""
        need(len(self.agreement) == 17 and len(self.caps) == 8 and self.agreement[9] in (0, 1), "4.5")
        need(1 <= len(self.groups) <= 32 and 1 <= self.caps[2] <= self.caps[0] <= 4194304, "4.5")
        cells = []
        for level, key_type, *populations in self.groups:
            cells += [(a, b) for a in populations[A] for b in populations[B]]
            if level == "counts":
                need(key_type in (1, 2, 3, 4, 16, 32) and [len(p) for p in populations] == [1, 1], "4.5")
            else:
                need(level == "accounts" and key_type == 0, "4.5")
        need(len(set(cells)) == len(cells), "4.5: a cell in two groups")
        need(all(len({cell[role] for cell in cells}) <= 32 for role in (A, B)), "4.5")

    def only(self, role, kind, g=None):
        found = [m for m in self.sent[role] if m.type == kind and g in (None, getattr(m, "g", None))]
        need(len(found) == 1, "10.1")
        return found[0]

    def check_hello(self):
        hello = [self.only(role, HELLO) for role in (A, B)]
        for h in hello:
            need(h.seq == 1 and h.version == 1 and h.suite == self.suite == "ristretto255-sha512", "6.2")
            need(h.agreement == self.agreement_hash and h.levels == [g[0] for g in self.groups], "6.2")
        common = [p for p in hello[A].profiles if p in hello[B].profiles and p in self.profiles]
        need(common and hello[A].nonce != hello[B].nonce, "6.2")
        self.profile, self.nonce = common[0], [h.nonce for h in hello]
        self.check_empty(hello)

    def check_empty(self, hello):
        need(all(h.empty < 1 << len(self.groups) for h in hello), "6.2: a bit beyond the groups")
        self.run = [g for g in range(len(self.groups)) if not (hello[A].empty | hello[B].empty) >> g & 1]
        need(self.run, "6.2: no group is left")
        for role in (A, B):
            sizes = [len(group["keys"]) for group in self.t["sides"][role]["groups"]]
            truth = sum(1 << g for g, n in enumerate(sizes) if n == 0)
            # with several profiles a bit may be about another one than that of the round
            need(hello[role].empty & truth == truth, "6.2: an empty list")
            need(hello[role].empty == truth or len(hello[role].profiles) > 1, "6.2: a list that is not empty")
            need(sum(sizes[g] for g in self.run) <= self.caps[0], "6.7")
            need({m.g for m in self.sent[role] if 17 <= m.type <= 39} == set(self.run), "6.2: a group that is not run")

    def counts(self, g):
        return self.groups[g][0] == "counts"

    def sid(self, g):
        """6.3"""
        level = self.groups[g][0].encode()
        head = (u8(1), self.suite.encode(), level, self.agreement_hash, self.round)
        return tagged("sid", *head, *self.identity, *self.nonce, u8(g), self.profile)

    def transcript(self, role):
        """5.6"""
        t = tagged("transcript", self.round, u8(role))
        for m in self.sent[role]:
            if 16 <= m.type <= 39:
                t = r.sha512(t, r.sha512(m.raw))
        return t

    def signed(self, role, message, signature, clause):
        need(r.ed25519_verify(self.identity[role], message, signature), clause)

    def check_receipt(self, with_transcripts):
        """8"""
        part = [self.only(role, RECEIPT_PART) for role in (A, B)]
        raw = bytes.fromhex(self.t["receipt"])
        said = [self.transcript(role) for role in (A, B)]
        for role in (A, B):
            if not with_transcripts:  # its own statement then, so that other clauses are put to the test
                said[role] = part[role].transcript_sent
            need(part[role].transcript_sent == said[role], "8.1")
        for role in (A, B):
            need(part[role].transcript_received == said[1 - role], "8.1")
        groups = []
        for g, group in enumerate(self.groups):
            if g not in self.run:
                groups.append([group[0], 0, 0, 0, 0, bytes(32), bytes(32)])
                continue
            commit = [self.only(role, COMMIT, g) for role in (A, B)]
            m = self.only(A, MATCH, g).m
            n = [c.n for c in commit]
            groups.append([group[0], *n, m, 0 if self.counts(g) else slices_of(m), *[c.list_root for c in commit]])
        statements = [[getattr(p, f) for p in part] for f in ("accounts", "review", "finished")]
        receipt = [1, self.round, self.agreement_hash, self.profile, self.suite, *self.identity, self.t["created"]]
        receipt += [groups, *said, *sum(statements, [])]
        need(unpack(raw) == receipt, "8.2")
        for role in (A, B):
            sig = self.only(role, RECEIPT_SIG).signature
            need(sig.hex() == self.t["signatures"][role], "8.3")
            self.signed(role, tagged("receipt", raw), sig, "8.2")
            last = max(m.seq for m in self.sent[1 - role] if m.type <= 39)
            need(part[role].ack >= last, "10.1")
            need(self.only(role, RECEIPT_SIG).ack >= part[1 - role].seq, "8.2")

    def verify(self, with_transcripts=True):
        points = []
        for g in self.run:
            group = Group(self, g)
            group.verify()
            points += group.X[A] + group.X[B]
        need(len(set(points)) == len(points), "6.5: equal keys, unrelated points")
        self.check_receipt(with_transcripts)


def slices_of(m):
    """7.3"""
    return min(m, max(64, -(-m // 8192)))


# ---- a cell group: 6.4 to 7.8 --------------------------------------------------------------------------------------


def merkle(leaves):
    """RFC 6962, 2.1"""
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return hashlib.sha256(b"\1" + merkle(leaves[:k]) + merkle(leaves[k:])).digest()


class Group:
    def __init__(self, rnd, g):
        self.round, self.g, self.sid = rnd, g, rnd.sid(g)
        self.counts, self.key_type = rnd.counts(g), rnd.groups[g][1]
        self.of = [[m for m in rnd.sent[role] if getattr(m, "g", None) == g] for role in (A, B)]
        sides = [side["groups"][g] for side in rnd.t["sides"]]
        self.keys = [[bytes.fromhex(k[0]) for k in side["keys"]] for side in sides]
        self.held = [{bytes.fromhex(k[0]): (k[1], int(k[2])) for k in side["keys"]} for side in sides]
        self.seed = [bytes.fromhex(side["list_seed"]) for side in sides]
        self.k = [int.from_bytes(bytes.fromhex(side["scalar"]), "little") for side in sides]

    def t32(self, label, role, *parts):
        return tagged(label, self.sid, u8(role), *parts)[:32]

    def all(self, role, kind):
        return [m for m in self.of[role] if m.type == kind]

    def one(self, role, kind):
        found = self.all(role, kind)
        need(len(found) == 1, "10.1")
        return found[0]

    def verify(self):
        for role in (A, B):
            self.check_list(role)
        for role in (A, B):
            self.check_tags(role)
        self.check_match()
        for role in (A, B):
            self.check_order_of_messages(role)
        if self.m > 0 and not self.counts:
            self.order_slices()
            for role in (A, B):
                self.check_slices(role)

    # 6.4 to 6.8
    def check_list(self, role):
        keys, commit = self.keys[role], self.one(role, COMMIT)
        dst = b"mandorla-v1-ristretto255-sha512-H2G-" + self.sid
        blinded = {r.encode(r.mul(self.k[role], r.hash_to_group(x, dst))): x for x in keys}
        points = sorted(blinded)
        if role == A:
            self.name, self.X = [None, None], [None, None]
        self.name[role], self.X[role] = blinded, points
        need(ascending(keys) and commit.n == len(keys), "6.1")
        need(not self.counts or all(x[0] == self.key_type for x in keys), "6.1: one type of key")
        caps = self.round.caps
        need(caps[2] <= commit.n <= caps[0] and len(commit.chunks) == -(-commit.n // 4096), "6.6")
        for c, m in enumerate(self.all(role, CHUNK)):
            chunk = b"".join(points[4096 * c : 4096 * (c + 1)])
            need(m.c == c and m.points == chunk, "6.8")
            need(commit.chunks[c] == self.t32("chunk", role, u32(c), chunk), "6.6")
        salts = [hmac.new(self.seed[role], i.to_bytes(8, "big"), hashlib.sha512).digest()[:32] for i in range(commit.n)]
        need(commit.list_root == merkle([s + x for s, x in zip(salts, keys)]), "6.6")
        parts = (b"".join(commit.chunks), commit.list_root, commit.key_commitment, commit.coin_commitment)
        message = tagged("commit", self.sid, u8(role), u32(commit.n), *parts)
        self.round.signed(role, message, commit.signature, "6.6")

    # 6.10
    def check_tags(self, role):
        if role == A:
            self.common, self.tags = [None, None], [None, None]
        common = {}
        for x in self.X[1 - role]:
            d = r.encode(r.mul(self.k[role], r.decode(x)))
            common[tagged("tag", self.sid, d)[:16]] = (d, x)
        self.common[role], self.tags[role] = common, sorted(common)
        sent = self.all(role, TAGS)
        need([m.c for m in sent] == list(range(-(-len(common) // 8192))), "6.10")
        need(all(len(m.tags) == 8192 * 16 for m in sent[:-1]) and not any(m.salt for m in sent[1:]), "6.10")
        joined = b"".join(m.tags for m in sent)
        need(cut(joined, 16) == self.tags[role], "6.10")
        need(self.one(role, TAG_COMMIT).commitment == self.t32("tags", role, sent[0].salt, joined), "6.10")

    # 6.11, 6.12
    def check_match(self):
        self.match = [tag for tag in self.tags[A] if tag in self.common[B]]
        self.m = len(self.match)
        truth = set(self.keys[A]) & set(self.keys[B])
        need({self.name[B][self.common[A][tag][1]] for tag in self.match} == truth, "6.11")
        for role in (A, B):
            said = self.one(role, MATCH)
            need(said.m == self.m, "6.11")
            need(said.digest == self.t32("match", role, u32(self.m), b"".join(self.match)), "6.11")

    # 7.1 to 7.3
    def order_slices(self):
        low, high = self.round.caps[3:5]
        need(low <= self.m and (high == 0 or self.m <= high), "7.1")
        opened = [self.one(role, OPEN) for role in (A, B)]
        for role, o in enumerate(opened):
            commit = self.one(role, COMMIT)
            need(commit.key_commitment == self.t32("key", role, o.key_salt, o.K), "7.2")
            need(commit.coin_commitment == self.t32("coin", role, o.coin_salt, o.coin), "7.2")
            need(o.K == r.encode(r.mul(self.k[role], r.GENERATOR)), "6.5")
        self.K = [o.K for o in opened]
        coins = [o.coin for o in opened]
        order = sorted(self.match, key=lambda tag: tagged("order", self.sid, *coins, tag))
        s = slices_of(self.m)
        self.slices = [order[j * self.m // s : (j + 1) * self.m // s] for j in range(s)]
        self.first = tagged("first", self.sid, *coins)[0] & 1
        need(all(self.K[role] not in self.X[1 - role] for role in (A, B)) and self.K[A] != self.K[B], "7.2")

    # 7.4 to 7.8
    def check_slices(self, role):
        other = 1 - role
        slices, masks = self.all(role, SLICE), self.all(role, MASKS)
        theirs = self.all(other, SLICE)
        need([m.j for m in slices] == [m.j for m in masks] == list(range(len(self.slices))), "7.8")
        for j, tags in enumerate(self.slices):
            positions = [int.from_bytes(p, "big") for p in cut(slices[j].positions, 4)]
            need(len(positions) == len(tags) and max(positions) < len(self.X[other]), "7.6")
            rows_c = [self.X[other][i] for i in positions]
            # the point that the receiver computed itself, from the sender's set
            rows_d = [self.common[other][tag][0] for tag in tags]
            need([self.common[role][tag][1] for tag in tags] == rows_c, "7.4")
            ctx = tagged("dleq", self.sid, u8(role), b"slice", u32(j))
            rows = b"".join(c + d for c, d in zip(rows_c, rows_d))
            statement = r.sha512(len(ctx).to_bytes(2, "big"), ctx, self.K[role], u32(len(tags)), rows)
            need(r.dleq_verify(b"MDL1-DLEQ-" + statement, self.K[role], rows_c, rows_d, slices[j].proof), "7.5")
            names = [self.name[other][c] for c in rows_c]
            told = zip(cut(masks[j].populations, 4), cut(masks[j].registries, 8))
            told = [tuple(int.from_bytes(x, "big") for x in row) for row in told]
            need(told == [self.held[role][x] for x in names], "7.7")
            moves_first = (j + self.first) % 2 == role
            need(slices[j].ack >= (theirs[j - 1].seq if moves_first and j > 0 else 0), "7.8")
            need(moves_first or slices[j].ack >= theirs[j].seq, "7.8")
            need(masks[j].ack >= theirs[j].seq, "7.7")

    # 10.1, and what a side must have seen before it sends (6.8, 6.9, 6.10, 6.11, 7.1)
    def check_order_of_messages(self, role):
        s = 0 if self.counts else slices_of(self.m)
        chunks, pages = len(self.all(role, CHUNK)), len(self.all(role, TAGS))
        need(chunks == len(self.one(role, COMMIT).chunks), "6.8")
        want = [COMMIT] + [CHUNK] * chunks + [VERIFIED, TAG_COMMIT] + [TAGS] * pages + [MATCH]
        want += ([OPEN] if s else []) + [SLICE, MASKS] * s
        need([m.type for m in self.of[role]] == want, "10.1")
        needs = {CHUNK: COMMIT, VERIFIED: CHUNK, TAG_COMMIT: VERIFIED, TAGS: TAG_COMMIT, MATCH: TAGS, OPEN: MATCH}
        needs[SLICE] = OPEN
        for m in self.of[role]:
            need(m.ack >= 1, "6.2")
            if m.type in needs:
                need(m.ack >= self.all(1 - role, needs[m.type])[-1].seq, "10.1")


# ---- changes that must be noticed ----------------------------------------------------------------------------------


def changed(v):
    if isinstance(v, bool):
        return not v
    if isinstance(v, int):
        return v ^ 1
    if isinstance(v, bytes):
        return v[:-1] + bytes([v[-1] ^ 1]) if v else b"\0"
    if isinstance(v, str):
        return v[:-1] + chr(ord(v[-1]) ^ 1)
    return v[:-1] + [changed(v[-1])]


def tampered(t):
    count = 0
    for role in (A, B):
        for i, raw in enumerate(t["sides"][role]["messages"]):
            envelope = unpack(bytes.fromhex(raw))
            for f in range(len(envelope[5])):
                other, spoilt = copy.deepcopy(t), copy.deepcopy(envelope)
                spoilt[5][f] = changed(spoilt[5][f])
                other["sides"][role]["messages"][i] = pack(spoilt).hex()
                try:
                    Round(other).verify(with_transcripts=False)
                except (Refused, ValueError, IndexError):
                    count += 1
                    continue
                field = FIELDS[envelope[1]].split()[f]
                sys.exit(f"role {role}, message {i + 1}: a changed {field} goes unnoticed")
    return count


def main():
    arguments = sys.argv[1:]
    with sys.stdin if arguments[-1] == "-" else open(arguments[-1], encoding="utf-8") as f:
        t = json.load(f)
    Round(t).verify()
    print("as written:", sum(len(side["messages"]) for side in t["sides"]), "messages")
    if arguments[0] == "--tampered":
        print("noticed:", tampered(t), "changed fields")


main()
