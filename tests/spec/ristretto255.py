"""ristretto255 (RFC 9496), its hash to group and DLEQ (RFC 9380, RFC 9497) and Ed25519 verification (RFC 8032), on
integers alone. Slow, not constant-time, for checking transcripts only. Shares no code with proto/."""
import hashlib

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)


def sha512(*parts):
    return hashlib.sha512(b"".join(parts)).digest()


# ---- the curve -x^2 + y^2 = 1 + d x^2 y^2, points as (X, Y, Z, T) with x = X/Z, y = Y/Z, xy = T/Z ------------------

IDENTITY = (0, 1, 1, 0)


def add(p, q):
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c = 2 * D * p[3] * q[3] % P
    d = 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def mul(k, p):
    r = IDENTITY
    while k > 0:
        if k & 1:
            r = add(r, p)
        p = add(p, p)
        k >>= 1
    return r


def sum_of(weights, points):
    r = IDENTITY
    for w, p in zip(weights, points):
        r = add(r, mul(w, p))
    return r


# ---- RFC 9496, 4 ---------------------------------------------------------------------------------------------------


def negative(x):
    return x % P & 1


def ct_abs(x):
    return -x % P if negative(x) else x % P


def sqrt_ratio(u, v):
    """(True, sqrt(u/v)) or (False, sqrt(i u/v)), 4.2"""
    r = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    check = v * r * r % P
    u %= P
    if check in (-u % P, -u * SQRT_M1 % P):
        r = r * SQRT_M1 % P
    return check in (u, -u % P), ct_abs(r)


INVSQRT_A_MINUS_D = sqrt_ratio(1, -1 - D)[1]
SQRT_AD_MINUS_ONE = 25063068953384623474111414158702152701244531502492656460079210482610430750235  # 4.1


def decode(b):
    """The point of a canonical encoding; ValueError otherwise, 4.3.1"""
    s = int.from_bytes(b, "little")
    if len(b) != 32 or s >= P or negative(s):
        raise ValueError("not a canonical encoding")
    u1, u2 = (1 - s * s) % P, (1 + s * s) % P
    v = (-D * u1 * u1 - u2 * u2) % P
    square, inv = sqrt_ratio(1, v * u2 * u2)
    dx = inv * u2 % P
    x = ct_abs(2 * s * dx)
    y = u1 * inv * dx * v % P
    if not square or negative(x * y) or y == 0:
        raise ValueError("not an encoding of a point")
    return (x, y, 1, x * y % P)


def encode(p):
    """4.3.2"""
    x0, y0, z0, t0 = p
    u1, u2 = (z0 + y0) * (z0 - y0) % P, x0 * y0 % P
    inv = sqrt_ratio(1, u1 * u2 * u2)[1]
    d1, d2 = inv * u1 % P, inv * u2 % P
    z = d1 * d2 * t0 % P
    x, y, d = x0, y0, d2
    if negative(t0 * z):
        x, y, d = y0 * SQRT_M1 % P, x0 * SQRT_M1 % P, d1 * INVSQRT_A_MINUS_D % P
    if negative(x * z):
        y = -y
    return ct_abs(d * (z0 - y)).to_bytes(32, "little")


def elligator(t):
    r = SQRT_M1 * t * t % P
    u = (r + 1) * (1 - D * D) % P
    v = (-1 - r * D) * (r + D) % P
    square, s = sqrt_ratio(u, v)
    c = -1
    if not square:
        s, c = -ct_abs(s * t) % P, r
    n = (c * (r - 1) * (D - 1) ** 2 - v) % P
    w0, w1, w2, w3 = 2 * s * v, n * SQRT_AD_MINUS_ONE, 1 - s * s, 1 + s * s
    return (w0 * w3 % P, w2 * w1 % P, w1 * w3 % P, w0 * w2 % P)


def from_uniform(b):
    """4.3.4"""
    half = [int.from_bytes(b[i : i + 32], "little") & (2**255 - 1) for i in (0, 32)]
    return add(elligator(half[0] % P), elligator(half[1] % P))


# ---- RFC 9380, 5.3.1 and RFC 9497 ----------------------------------------------------------------------------------


def expand_message_xmd(msg, dst, length):
    assert 0 < len(dst) <= 255 and length <= 255 * 64
    prime = dst + bytes([len(dst)])
    b0 = sha512(bytes(128), msg, length.to_bytes(2, "big"), b"\0", prime)
    b, out = bytes(64), b""
    for i in range(1, -(-length // 64) + 1):
        b = sha512(bytes(x ^ y for x, y in zip(b0, b)), bytes([i]), prime)
        out += b
    return out[:length]


def hash_to_group(x, dst):
    return from_uniform(expand_message_xmd(x, dst, 64))


def hash_to_scalar(x, context):
    return int.from_bytes(expand_message_xmd(x, b"HashToScalar-" + context, 64), "little") % L


def lp16(x):
    return len(x).to_bytes(2, "big") + x


def dleq_verify(context, big_k, rows_c, rows_d, proof):
    """VerifyProof of RFC 9497, 2.2.2, with A = G; the points are encodings."""
    c, s = (int.from_bytes(proof[i : i + 32], "little") for i in (0, 32))
    seed = sha512(lp16(big_k), lp16(b"Seed-" + context))
    weights = [
        hash_to_scalar(lp16(seed) + i.to_bytes(2, "big") + lp16(ci) + lp16(di) + b"Composite", context)
        for i, (ci, di) in enumerate(zip(rows_c, rows_d))
    ]
    m = sum_of(weights, map(decode, rows_c))
    z = sum_of(weights, map(decode, rows_d))
    t2 = add(mul(s, GENERATOR), mul(c, decode(big_k)))
    t3 = add(mul(s, m), mul(c, z))
    challenge = lp16(big_k) + b"".join(lp16(encode(p)) for p in (m, z, t2, t3)) + b"Challenge"
    return 0 < c < L and 0 < s < L and hash_to_scalar(challenge, context) == c


# ---- RFC 8032 ------------------------------------------------------------------------------------------------------


def ed25519_decode(b):
    y = int.from_bytes(b, "little") & (2**255 - 1)
    square, x = sqrt_ratio(y * y - 1, D * y * y + 1)
    if y >= P or not square or (x == 0 and b[31] >> 7):
        raise ValueError("not a point of edwards25519")
    if negative(x) != b[31] >> 7:
        x = P - x
    return (x, y, 1, x * y % P)


def ed25519_verify(public, msg, signature):
    s = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or s >= L:
        return False
    try:
        a, r = ed25519_decode(public), ed25519_decode(signature[:32])
    except ValueError:
        return False
    h = int.from_bytes(sha512(signature[:32], public, msg), "little") % L
    left, right = mul(s, BASE), add(r, mul(h, a))
    return all((left[i] * right[2] - right[i] * left[2]) % P == 0 for i in (0, 1))


BASE = ed25519_decode((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
GENERATOR = BASE
