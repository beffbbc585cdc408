#!/usr/bin/env python3
"""Writes known.json: a key file, a certificate, a token and fingerprints from fixed secrets, put together
from docs/PROTOCOL.md and keys/README.md alone. It shares no code with keys/; the primitives are
libsodium's through ctypes and hashlib's. Run it only to add cases: formats in the field never change."""
import base64
import ctypes
import ctypes.util
import hashlib
import json
import struct

na = ctypes.CDLL(ctypes.util.find_library("sodium"))
assert na.sodium_init() >= 0


def buf(n):
    return ctypes.create_string_buffer(n)


def lp(x):
    return struct.pack(">I", len(x)) + x


def T(label, *parts):
    return hashlib.sha512(b"".join(lp(x) for x in (b"mandorla/1", label, *parts))).digest()


def keypair(seed):
    pk, sk = buf(32), buf(64)
    na.crypto_sign_seed_keypair(pk, sk, seed)
    return pk.raw, sk.raw


def sign(sk, message):
    sig = buf(64)
    na.crypto_sign_detached(sig, None, message, ctypes.c_ulonglong(len(message)), sk)
    return sig.raw


def curve_public(secret):
    out = buf(32)
    na.crypto_scalarmult_base(out, secret)
    return out.raw


def certificate(pk, sk, curve, serial, begin, end):
    fields = [b"\1", pk, curve, struct.pack(">I", serial), struct.pack(">Q", begin), struct.pack(">Q", end)]
    return b"".join(fields) + sign(sk, T(b"curve-certificate", *fields))


def token(sk, cert, created, expires, nonce, name, endpoint):
    body = b"\1" + struct.pack(">QQ", created, expires) + nonce + cert
    body += bytes([len(name)]) + name + bytes([len(endpoint)]) + endpoint
    body += sign(sk, T(b"invitation", body))
    return "mandorla1:" + base64.urlsafe_b64encode(body).decode().rstrip("=")


def key_file(kind, mode, ops, mem, salt, nonce, public, secret, wrap):
    head = b"MANDORLA-KEY" + bytes([1, kind, mode, 0]) + struct.pack(">QQ", ops, mem) + salt + nonce + public
    if wrap is not None:
        out = buf(len(secret) + 16)
        na.crypto_aead_xchacha20poly1305_ietf_encrypt(
            out, None, secret, ctypes.c_ulonglong(len(secret)), head, ctypes.c_ulonglong(len(head)), None, nonce, wrap)
        secret = out.raw
    return head + secret + hashlib.blake2b(head + secret, digest_size=32).digest()


def argon2id(passphrase, salt, ops, mem):
    out = buf(32)
    assert 0 == na.crypto_pwhash(out, ctypes.c_ulonglong(32), passphrase, ctypes.c_ulonglong(len(passphrase)), salt,
                                 ctypes.c_ulonglong(ops), ctypes.c_size_t(mem), 2)
    return out.raw


def identity_wrap(seed):
    return hashlib.blake2b(b"", digest_size=32, key=seed, salt=struct.pack("<Q", 1).ljust(16, b"\0"),
                           person=b"mdlcurve".ljust(16, b"\0")).digest()


seed, curve_secret = bytes(range(32)), bytes(range(32, 64))
pk, sk = keypair(seed)
other, _ = keypair(bytes([7]) * 32)
begin, end = 1_800_000_000, 1_900_000_000
cert = certificate(pk, sk, curve_public(curve_secret), 3, begin, end)
name, endpoint = "Müller & Söhne".encode(), b"tcp://node.example.com:7400"
salt, nonce = bytes(range(16)), bytes(range(100, 124))
sealed = key_file(1, 2, 2, 65536, salt, nonce, pk, seed, argon2id(b"correct horse", salt, 2, 65536))
plain = key_file(1, 1, 0, 0, bytes(16), bytes(24), pk, seed, None)
curve = key_file(2, 3, 0, 0, bytes(16), nonce, cert, curve_secret, identity_wrap(seed))

json.dump({
    "seed": seed.hex(), "identity": pk.hex(), "other_identity": other.hex(),
    "curve_secret": curve_secret.hex(), "curve": curve_public(curve_secret).hex(),
    "certificate": cert.hex(), "serial": 3, "not_before": begin, "not_after": end,
    "token": token(sk, cert, begin + 60, begin + 86460, bytes(range(16)), name, endpoint),
    "token_name": name.decode(), "token_endpoint": endpoint.decode(), "created": begin + 60, "expires": begin + 86460,
    "token_nonce": bytes(range(16)).hex(),
    "token_dials_out": token(sk, cert, begin + 60, begin + 86460, bytes(16), b"x", b""),
    "fingerprint": T(b"fingerprint", pk).hex(), "other_fingerprint": T(b"fingerprint", other).hex(),
    "tagged": T(b"label", b"", b"ab").hex(),
    "passphrase": "correct horse", "sealed_file": sealed.hex(), "plain_file": plain.hex(), "curve_file": curve.hex(),
}, open("known.json", "w"), indent=1, ensure_ascii=False)
