"""check_primitives.py VECTORS: ristretto255.py against the vectors of RFC 9496, RFC 9380 and RFC 9497."""
import json
import os
import sys

import ristretto255 as r


def load(*path):
    with open(os.path.join(sys.argv[1], *path), encoding="utf-8") as f:
        return json.load(f)


def hexes(text):
    return [bytes.fromhex(x) for x in text.split(",")]


def refuses(encoding):
    try:
        r.decode(encoding)
    except ValueError:
        return True
    return False


rfc9496 = load("ristretto", "rfc9496-ristretto255.json")
for k, enc in enumerate(rfc9496["generator_multiples"]):
    assert r.encode(r.mul(k, r.GENERATOR)).hex() == enc
    assert r.encode(r.decode(bytes.fromhex(enc))).hex() == enc
for bad in rfc9496["invalid_encodings"]:
    assert refuses(bytes.fromhex(bad["enc"])), bad
for case in rfc9496["element_derivation"]:
    assert r.encode(r.from_uniform(bytes.fromhex(case["in"]))).hex() == case["out"]

xmd = load("hash-to-curve", "expand_message_xmd_SHA512_38.json")
for case in xmd["tests"]:
    out = r.expand_message_xmd(case["msg"].encode(), xmd["DST"].encode(), int(case["len_in_bytes"], 16))
    assert out.hex() == case["uniform_bytes"]

proofs = 0
for suite in load("voprf", "allVectors.json"):
    if suite["identifier"] != "ristretto255-SHA512" or suite["mode"] != 1:
        continue
    context = b"OPRFV1-" + bytes([1]) + b"-ristretto255-SHA512"
    for case in suite["vectors"]:
        c, d = hexes(case["BlindedElement"]), hexes(case["EvaluationElement"])
        proof = bytes.fromhex(case["Proof"]["proof"])
        assert r.dleq_verify(context, bytes.fromhex(suite["pkSm"]), c, d, proof)
        for at in (0, 40):
            spoilt = proof[:at] + bytes([proof[at] ^ 1]) + proof[at + 1 :]
            assert not r.dleq_verify(context, bytes.fromhex(suite["pkSm"]), c, d, spoilt)
        proofs += 1
assert proofs >= 3

ed25519 = load("wycheproof", "ed25519_test.json")
for group in ed25519["testGroups"]:
    public = bytes.fromhex((group.get("publicKey") or group["key"])["pk"])
    for case in group["tests"]:
        ok = r.ed25519_verify(public, bytes.fromhex(case["msg"]), bytes.fromhex(case["sig"]))
        assert ok == (case["result"] == "valid"), case
print("primitives: ok")
