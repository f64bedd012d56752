#!/usr/bin/env python3
"""Writes FpKernels512.cs and FpKernels256.cs: straight-line code for arithmetic modulo BLS12-381's p on lanes of doubles.

Representation. An element is 8 signed limbs of radix 2^48, held as doubles, plain residue (no Montgomery form). Kernels take limbs of at most 2^47 + 64 in
magnitude, or twice that in one of two factors (a sum or difference that was not normalised), and leave limbs of at most 2^47 + 64 and a value below 0.67 p (docs/kzg-bounds.md).

Multiplication. Column k collects the products a_i b_(k-i). Each product is split exactly: H' = fma(a, b, H) with H near 1.5 * 2^100 is rounded at 2^48,
d = H - H' is exact, L += fma(a, b, d) is exact. The upper eight columns get one parallel carry pass and are folded down through the constants 2^(48 (8 + i)) mod p,
together with one quotient estimated in doubles (Barrett). Nothing needs another rounding mode than the default.

Order. Low columns first, parked in memory (`s`, 16 vectors) while the high ones are folded, four columns at a time: measured as the best of eleven orders.

Usage: generate.py FOLDER; the tests run it and compare.
"""
import re
import struct
import sys
from fractions import Fraction
from pathlib import Path

P = 0x1A0111EA397FE69A4B1BA7B6434BACD764774B84F38512BF6730D2A0F6B0F6241EABFFFEB153FFFFB9FEFFFFFFFFAAAB
N = 8
B = 48
GROUP = 4

# name, what it computes, multiplication or square, operands that are subtracted before the reduction
KERNELS = [
    ("Multiply", "a·b", "mul", 0),
    ("Square", "a²", "sqr", 0),
    ("MultiplySubtract", "a·b - x", "mul", 1),
    ("SquareSubtract", "a² - x - y", "sqr", 2),
]
TARGETS = {
    8: ("512", "Vector512<double>", "Vector512", "Avx512F.FusedMultiplyAdd", "Avx512F.Add", "Avx512F.Subtract", "Avx512F.Multiply"),
    4: ("256", "Vector256<double>", "Vector256", "Fma.MultiplyAdd", "Avx.Add", "Avx.Subtract", "Avx.Multiply"),
}


def balanced(value):
    """Limbs of at most 2^47 in magnitude; the last takes what is left."""
    limbs = []
    for _ in range(N - 1):
        limb = value & ((1 << B) - 1)
        if limb >= 1 << (B - 1):
            limb -= 1 << B
        limbs.append(limb)
        value = (value - limb) >> B
    return limbs + [value]


def centered(value):
    value %= P
    return value - P if value > P // 2 else value


class Program:
    """Operations over named values; a name may be assigned again."""

    def __init__(self):
        self.operations = []
        self.constants = []

    def constant(self, value):
        key = struct.pack("<d", value)
        keys = [struct.pack("<d", each) for each in self.constants]
        if key not in keys:
            self.constants.append(value)
            return f"K{len(self.constants) - 1}"
        return f"K{keys.index(key)}"

    def emit(self, *operation):
        self.operations.append(operation)


def build(kind, subtrahends):
    """The operations of one kernel."""
    g = Program()
    high_start = g.constant(1.5 * 2.0 ** (52 + B))
    low_start = g.constant(-1.5 * 2.0**52)
    both_start = g.constant(1.5 * 2.0 ** (52 + B) - 1.5 * 2.0**52)
    # Column 7 sums the most products, 17: its low part starts 2^50 nearer to zero, or it could pass 2^53. What is too much is taken off where column 7 is used.
    top_start = g.constant(1.5 * 2.0 ** (52 + B) - 1.25 * 2.0**52)
    top_end = g.constant(1.5 * 2.0 ** (52 + B) + 2.0**50)
    scale = g.constant(2.0**-B)
    rounder = g.constant(1.5 * 2.0**52)
    fold = [balanced(centered(1 << (B * (N + i)))) for i in range(N)]
    fold_over_p = [float(Fraction(centered(1 << (B * (N + i))), P)) for i in range(N)]
    top_over_p = float(Fraction(1 << (B * (N - 1)), P))
    minus_p = balanced(-P)
    started = set()

    def terms(k):
        pairs = [(i, k - i) for i in range(max(0, k - N + 1), min(N, k + 1))]
        if kind == "mul":
            return [(f"a{i}", f"b{j}") for i, j in pairs]
        return [(f"a{i}", f"a{i}") if i == j else (f"d{i}", f"a{j}") for i, j in pairs if i <= j]

    def columns(which, products):
        """Adds products to several columns, one of each column in turn, so that latencies overlap."""
        for step in range(max(len(products[c]) for c in which)):
            active = [(c, *products[c][step]) for c in which if step < len(products[c])]
            first = [c not in started for c, _, _ in active]
            for (c, x, y), is_first in zip(active, first):
                g.emit("fma", f"H{c}" if is_first else f"N{c}", x, y, high_start if is_first else f"H{c}")
            for (c, x, y), is_first in zip(active, first):
                if is_first:
                    started.add(c)
                    g.emit("sub", f"D{c}", high_start if c == 0 else top_start if c == N - 1 else both_start, f"H{c}")
                else:
                    g.emit("sub", f"D{c}", f"H{c}", f"N{c}")
                    g.emit("mov", f"H{c}", f"N{c}")
            for (c, x, y), is_first in zip(active, first):
                g.emit("fma", f"L{c}" if is_first else f"D{c}", x, y, f"D{c}")
            for (c, x, y), is_first in zip(active, first):
                if not is_first:
                    g.emit("add", f"L{c}", f"L{c}", f"D{c}")

    for i in range(N):
        g.emit("load", f"a{i}", "a", i)
    for i in range(N):
        if kind == "mul":
            g.emit("load", f"b{i}", "b", i)
        else:
            g.emit("add", f"d{i}", f"a{i}", f"a{i}")

    # A: products. Low columns are parked; the two on top of them give the carry into the high half.
    for i in range(0, N - 2, GROUP):
        low = list(range(i, min(N - 2, i + GROUP)))
        columns(low, {c: terms(c) for c in low})
        for c in low:
            g.emit("store", "s", 2 * c, f"H{c}")
            g.emit("store", "s", 2 * c + 1, f"L{c}")
    top = [N - 2, N - 1]
    columns(top, {c: terms(c) for c in top})
    g.emit("fma", "m", f"H{N - 2}", scale, f"L{N - 1}")
    g.emit("store", "s", 2 * (N - 2), f"H{N - 2}")
    g.emit("store", "s", 2 * (N - 2) + 1, f"L{N - 2}")
    g.emit("store", "s", 2 * (N - 1) + 1, f"L{N - 1}")
    high = list(range(N, 2 * N - 1))
    for i in range(0, len(high), GROUP):
        group = high[i : i + GROUP]
        columns(group, {c: terms(c) for c in group})
        for c in group:
            g.emit("fma", f"t{c}", f"H{c - 1}", scale, f"L{c}")
    g.emit("fma", f"t{2 * N - 1}", f"H{2 * N - 2}", scale, low_start)
    g.emit("movk", f"H{N - 1}", high_start)

    # B: one parallel carry pass over the high half.
    for k in range(N, 2 * N - 1):
        g.emit("add", f"c{k}", f"t{k}", high_start)
    for k in range(N, 2 * N - 1):
        g.emit("sub", f"c{k}", f"c{k}", high_start)
    for k in range(N, 2 * N - 1):
        g.emit("sub", f"t{k}", f"t{k}", f"c{k}")
    for k in range(N + 1, 2 * N):
        g.emit("fma", f"t{k}", f"c{k - 1}", scale, f"t{k}")

    # C: the quotient of the folded value, what is subtracted included, by p.
    names = ["x", "y"][:subtrahends]
    for name in names:
        g.emit("load", "e", name, N - 1)
        g.emit("sub", "m", "m", "e")
    g.emit("mul", "q0", "m", g.constant(top_over_p))
    g.emit("fma", "q1", f"t{N}", g.constant(fold_over_p[0]), g.constant(float(-(2**50) * Fraction(1 << (B * (N - 1)), P))))
    for i in range(1, N):
        q = "q1" if i % 2 == 0 else "q0"
        g.emit("fma", q, f"t{N + i}", g.constant(fold_over_p[i]), q)
    g.emit("add", "q", "q0", "q1")
    g.emit("add", "q", "q", rounder)
    g.emit("sub", "q", "q", rounder)

    # D: low columns: what was parked, the folded high half, minus q·p.
    for i in range(0, N, GROUP):
        group = list(range(i, min(N, i + GROUP)))
        products = {c: [(f"t{N + j}", g.constant(float(fold[j][c]))) for j in range(N) if fold[j][c]] + [("q", g.constant(float(minus_p[c])))] for c in group}
        for c in group:
            if c != N - 1:
                g.emit("load", f"H{c}", "s", 2 * c)
            g.emit("load", f"L{c}", "s", 2 * c + 1)
        columns(group, products)
        for c in reversed(group):
            if c:
                g.emit("fma", f"w{c}", f"H{c - 1}", scale, f"L{c}")
            else:
                g.emit("mov", "w0", "L0")
    g.emit("sub", "m", f"H{N - 1}", top_end)
    g.emit("add", f"w{N - 1}", f"w{N - 1}", "m")
    for name in names:
        for c in range(N):
            g.emit("load", "e", name, c)
            g.emit("sub", f"w{c}", f"w{c}", "e")

    # E: the last carry pass.
    for k in range(N - 1):
        g.emit("add", f"c{k}", f"w{k}", high_start)
    for k in range(N - 1):
        g.emit("sub", f"c{k}", f"c{k}", high_start)
    for k in range(N - 1):
        g.emit("sub", f"w{k}", f"w{k}", f"c{k}")
    for k in range(1, N):
        g.emit("fma", f"w{k}", f"c{k - 1}", scale, f"w{k}")
    for k in range(N):
        g.emit("store", "r", k, f"w{k}")
    return g, names


def lines_of(program):
    """Statements over few local names: values get the name of one that is not needed any more."""
    current, versions, statements = {}, {}, []

    def use(name):
        return name if re.fullmatch(r"K\d+", name) else current[name]

    def assign(name):
        versions[name] = versions.get(name, 0) + 1
        current[name] = f"{name}_{versions[name]}"
        return current[name]

    for operation in program.operations:
        kind, target = operation[0], operation[1]
        if kind == "mov":
            current[target] = current[operation[2]]
        elif kind == "movk":
            current[target] = operation[2]
        elif kind == "load":
            statements.append((assign(target), f"LOAD({operation[2]},{operation[3]})"))
        elif kind == "store":
            statements.append((None, f"STORE({operation[1]},{operation[2]},{use(operation[3])})"))
        else:
            arguments = ",".join(use(name) for name in operation[2:])
            statements.append((assign(target), f"{kind.upper()}({arguments})"))
    value = re.compile(r"[A-Za-z]+\d*_\d+")
    last = {token: i for i, (_, text) in enumerate(statements) for token in value.findall(text)}
    free, names, count, lines = [], {}, 0, []
    for i, (target, text) in enumerate(statements):
        used = value.findall(text)
        renamed = value.sub(lambda match: names[match.group(0)], text)
        free += [names[token] for token in dict.fromkeys(used) if last[token] == i]
        if target is None:
            lines.append(f"{renamed};")
            continue
        if not free:
            free.append(f"v{count}")
            count += 1
        names[target] = free.pop()
        lines.append(f"{names[target]} = {renamed};")
        if target not in last:
            free.append(names[target])
    return lines, count


def kernel(lanes, name, formula, kind, subtrahends):
    _, vector, create, fma, add, sub, mul = TARGETS[lanes]
    program, names = build(kind, subtrahends)
    lines, count = lines_of(program)
    parameters = ["double* r", "double* a"] + (["double* b"] if kind == "mul" else []) + [f"double* {n}" for n in names] + ["double* s"]
    text = [
        f"    /// <summary><c>r = {formula}</c>; <c>s</c> is scratch of 16 vectors. All pointers are aligned to a vector.</summary>",
        "    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]",
        f"    public static void {name}({', '.join(parameters)})",
        "    {",
        f"        {vector} {', '.join(f'v{i}' for i in range(count))};",
    ]
    for line in lines:
        line = line.replace("FMA(", fma + "(").replace("ADD(", add + "(").replace("SUB(", sub + "(").replace("MUL(", mul + "(")
        line = re.sub(r"LOAD\((\w),(\d+)\)", lambda m: f"*({vector}*)({m.group(1)} + {int(m.group(2)) * lanes})", line)
        line = re.sub(r"STORE\((\w),(\d+),(\w+)\)", lambda m: f"*({vector}*)({m.group(1)} + {int(m.group(2)) * lanes}) = {m.group(3)}", line)
        line = re.sub(r"\bK(\d+)\b", lambda m: f"{create}.Create({program.constants[int(m.group(1))]!r})", line)
        text.append("        " + line)
    return text + ["    }"]


def source(lanes):
    text = [
        "// <auto-generated>Made by generate.py in this folder, which explains it. Do not edit.</auto-generated>",
        "using System.Runtime.CompilerServices;",
        "using System.Runtime.Intrinsics;",
        "using System.Runtime.Intrinsics.X86;",
        "",
        "namespace Meeda.Kzg.Fields.Kernels;",
        "",
        f"/// <summary>Arithmetic modulo p on {lanes} lanes.</summary>",
        f"internal static unsafe class FpKernels{TARGETS[lanes][0]}",
        "{",
    ]
    for i, (name, formula, kind, subtrahends) in enumerate(KERNELS):
        text += ([""] if i else []) + kernel(lanes, name, formula, kind, subtrahends)
    return "\n".join(text + ["}"]) + "\n"


if __name__ == "__main__":
    for lanes, target in TARGETS.items():
        Path(sys.argv[1], f"FpKernels{target[0]}.cs").write_text(source(lanes))
