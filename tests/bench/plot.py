#!/usr/bin/env python3
"""plot.py: docs/performance.svg, time of a round against the length of the lists, from `scripts/bench round -- --compare --json`.

usage: tests/bench/plot.py ROUNDS.json > docs/performance.svg

A list's length is its match keys (an account has about two). Peers' figures are those of the table in
docs/PERFORMANCE.md, where their source stands; they were measured on other machines.
"""

import json
import math
import sys

W, H, LEFT, RIGHT, TOP, BOTTOM = 860, 560, 80, 230, 70, 62
X0, X1, Y0, Y1 = 10, 21, -2, 3  # 2^10 to 2^21 elements, 0.01 s to 1000 s

PEERS = [
    ("OpenMined PSI, native; one side learns", "#b26a00", [(14, 8), (16, 33), (18, 165)]),
    ("OpenMined PSI, npm; one side learns", "#8a8a8a", [(14, 85), (16, 351)]),
    ("SecretFlow ECDH, 4 cores; as published", "#7a4fa3", [(20, 40)]),
    ("VOLE PSI (RR22), malicious", "#2f7d32", [(16, 0.18), (18, 0.54), (20, 2.2)]),
]


def x(log2):
    return LEFT + (log2 - X0) / (X1 - X0) * (W - LEFT - RIGHT)


def y(seconds):
    return H - BOTTOM - (math.log10(seconds) - Y0) / (Y1 - Y0) * (H - TOP - BOTTOM)


def text(at_x, at_y, words, extra=""):
    return f'<text x="{at_x:.1f}" y="{at_y:.1f}" {extra}>{words}</text>'


def axes():
    out = []
    for e in range(X0, X1 + 1, 2):
        out.append(f'<line class="grid" x1="{x(e):.1f}" y1="{TOP}" x2="{x(e):.1f}" y2="{H - BOTTOM}"/>')
        out.append(text(x(e), H - BOTTOM + 20, f'2<tspan dy="-5" font-size="10">{e}</tspan>', 'text-anchor="middle"'))
    for d in range(Y0, Y1 + 1):
        at = y(10.0**d)
        out.append(f'<line class="grid" x1="{LEFT}" y1="{at:.1f}" x2="{W - RIGHT}" y2="{at:.1f}"/>')
        out.append(text(LEFT - 10, at + 4, f"{10.0**d:g} s", 'text-anchor="end"'))
    out.append(text((LEFT + W - RIGHT) / 2, H - 14, "match keys a side", 'text-anchor="middle"'))
    return out


def spread(ends):
    """Labels beside the lines' ends, moved apart."""
    placed = []
    for name, colour, at in sorted(ends, key=lambda e: e[2]):
        placed.append((name, colour, max(at, placed[-1][2] + 30 if placed else at)))
    return placed


def series(colour, points, width, dash=""):
    path = " ".join(f"{x(a):.1f},{y(b):.1f}" for a, b in points)
    out = [f'<polyline fill="none" stroke="{colour}" stroke-width="{width}" {dash} points="{path}"/>']
    out += [f'<circle cx="{x(a):.1f}" cy="{y(b):.1f}" r="{width + 1}" fill="{colour}"/>' for a, b in points]
    return out


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="utf-8") as f:
        doc = json.load(f)
    ours = {}
    for r in doc["rounds"]:
        ours.setdefault(r["engine"].split()[0], []).append((math.log2(r["keys_b"]), r["wall_s"]))
    lines = [(f"Mandorla, {name}; both sides learn, proved", "#0b5cad" if name != "libsodium" else "#6da7de", sorted(p), 3, "")
             for name, p in ours.items()]
    lines += [(name, colour, p, 1.5, 'stroke-dasharray="5 4"') for name, colour, p in PEERS]
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {W} {H}" font-family="system-ui, sans-serif" font-size="13">',
           "<style>text{fill:#222}.grid{stroke:#ddd}.bg{fill:#fff}</style>", f'<rect class="bg" width="{W}" height="{H}"/>',
           text(LEFT, 30, "A whole round between two nodes", 'font-size="18" font-weight="600"'),
           text(LEFT, 50, f"wall time on {doc['cores']} cores for both nodes together, sockets, database and log included; dashed: peers, on their own machines", 'font-size="11"')]
    out += axes()
    ends = []
    for name, colour, points, width, dash in lines:
        out += series(colour, points, width, dash)
        ends.append((name, colour, y(points[-1][1])))
    for name, colour, at in spread(ends):
        words = name.split("; ")
        for i, w in enumerate(words):
            out.append(text(W - RIGHT + 14, at + 4 + 13 * i, w, f'style="fill:{colour}" font-size="11" font-weight="{600 if "Mandorla" in name and i == 0 else 400}"'))
    out.append("</svg>")
    print("\n".join(out))


if __name__ == "__main__":
    main()
