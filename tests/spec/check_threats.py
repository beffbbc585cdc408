"""check_threats.py ROOT: every row of the table of threats names its tests, and each of them exists."""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
sources = list((root / "tests").rglob("check_*.c"))
tests = {f.name for f in sources}
for f in sources:
    tests.update(re.findall(r"START_TEST\((\w+)\)", f.read_text(encoding="utf-8")))
for f in (root / "tests").rglob("CMakeLists.txt"):
    tests.update(re.findall(r"add_test\(NAME ([\w-]+)", f.read_text(encoding="utf-8")))


def exists(name):
    stem = re.sub(r"(\.\.\.|\*)$", "", name)
    if stem != name:
        return any(t.startswith(stem) for t in tests)
    # a test of a foreach stands there as its name up to the variable
    return any(t == name or (t.endswith("-") and name.startswith(t)) for t in tests)


page = (root / "docs" / "THREATS.md").read_text(encoding="utf-8")
table = page.split("| threat | what closes it | test |\n|---|---|---|\n")[1].split("\n\n")[0]
wrong = []
for row in table.splitlines():
    _, threat, _, cell, _ = row.split("|")
    names = re.findall(r"`([^`]+)`", cell)
    if not names and cell.strip() not in ("none", "by construction"):
        wrong.append(f"no test: {threat.strip()[:60]}")
    wrong += [f"no such test: {name}" for name in names if not exists(name)]
if "anonymous" in page.lower():
    wrong.append("what is exchanged is pseudonymous, never more")
sys.exit("\n".join(wrong) or 0)
