#!/usr/bin/env python3
"""Generates the base field's arithmetic for processors on which nothing but 64-bit integers can be had: `fp_narrow_kernels.py > ../FpNarrow.cs`.

An element a is the 13 signed limbs of radix 2^30 of a residue of a*2^390 (Montgomery form), all but the top one in [-2^29, 2^29). Differences are formed
limb by limb. No product needs the high half of a multiplication, and no sum of a column, below 2^63 in magnitude, a carry: docs/kzg-bounds.md.
"""
import sys

MODULUS = 0x1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab
LIMBS = 13
RADIX = 30
HALF = 1 << (RADIX - 1)
# -1/p modulo 2^60: two limbs of the Montgomery quotient are found at a time.
NEGATED_INVERSE = -pow(MODULUS, -1, 1 << (2 * RADIX)) % (1 << (2 * RADIX))
# The quotient by p, from the column of the limb below the top one without its low bits: rounded to the nearest.
ESTIMATE_SHIFT = 30
QUOTIENT_SHIFT = 40
QUOTIENT = (1 << (RADIX * (LIMBS - 2) + ESTIMATE_SHIFT + QUOTIENT_SHIFT)) // MODULUS


def balanced(value):
    """Limbs of a value, all but the top one in [-2^29, 2^29)."""
    limbs = []
    for _ in range(LIMBS - 1):
        limb = (value + HALF) % (2 * HALF) - HALF
        limbs.append(limb)
        value = (value - limb) >> RADIX
    return limbs + [value]


P = balanced(MODULUS)

KERNELS = [
    ("Multiply", "multiply", [], "r = a·b"),
    ("Square", "square", [], "r = a·a"),
    ("MultiplySubtract", "multiply", ["x"], "r = a·b - x"),
    ("SquareSubtract", "square", ["x", "y"], "r = a·a - x - y"),
]


def products(kind, column):
    """The products of a column, as text."""
    terms = []
    for i in range(max(0, column - LIMBS + 1), min(LIMBS, column + 1)):
        j = column - i
        if kind == "multiply":
            terms.append(f"((long)a[{i}] * b[{j}])")
        elif i < j:
            terms.append(f"(d{i} * a[{j}])")
        elif i == j:
            terms.append(f"((long)a[{i}] * a[{i}])")
    return terms


def add(target, terms):
    """Statements that add the terms one by one: a long expression would be kept in memory by the compiler."""
    return [f"{target} += {term};" for term in terms]


def add_pair(first, first_terms, second, second_terms):
    """Two sums side by side."""
    lines = []
    for i in range(max(len(first_terms), len(second_terms))):
        lines += add(first, first_terms[i:i + 1]) + add(second, second_terms[i:i + 1])
    return lines


def body(kind, subtracted):
    lines = ["long carry = 0, s = 0, t = 0, q = 0, e = 0;" if subtracted else "long carry = 0, s = 0, t = 0;"]
    if kind == "square":
        lines += [f"long d{i} = 2L * a[{i}];" for i in range(LIMBS - 1)]
    # 1. The low columns, two at a time, with the multiple of p that makes them 0. What is known last comes last.
    def reductions(column, count):
        return [f"(m{j} * {P[column - j]}L)" for j in range(count) if column - j < LIMBS]

    for k in range(0, LIMBS - 1, 2):
        lines += ["s = 0;", "t = 0;"] if k else []
        lines += add_pair("s", products(kind, k) + reductions(k, k), "t", products(kind, k + 1) + reductions(k + 1, k))
        lines += [
            "s += carry;",
            f"long m{k + 1} = ((s + (t << {RADIX})) * {NEGATED_INVERSE}L) << {64 - 2 * RADIX} >> {64 - 2 * RADIX};",
            f"long m{k} = m{k + 1} << {64 - RADIX} >> {64 - RADIX};",
            f"m{k + 1} = (m{k + 1} + {HALF}L) >> {RADIX};",
            f"s += m{k} * {P[0]}L;",
            f"t += m{k} * {P[1]}L;",
            f"t += m{k + 1} * {P[0]}L;",
            f"carry = ((s >> {RADIX}) + t) >> {RADIX};",
        ]
    last = LIMBS - 1
    lines += ["s = 0;"] + add("s", products(kind, last) + reductions(last, last)) + [
        "s += carry;",
        f"long m{last} = (s * {NEGATED_INVERSE % (1 << RADIX)}L) << {64 - RADIX} >> {64 - RADIX};",
        f"s += m{last} * {P[0]}L;",
        f"carry = s >> {RADIX};",
    ]

    def high(column):
        return products(kind, column) + [f"(m{j} * {P[column - j]}L)" for j in range(column - LIMBS + 1, LIMBS)]

    # 2. The high columns; where something is subtracted, with the multiple of p that brings the result near 0.
    top = 2 * LIMBS - 2
    if subtracted:
        lines += add("e", high(top) + [f"-(long){name}[{LIMBS - 2}]" for name in subtracted])
        lines += ["q = 0;"] + add("q", [f"-(long){name}[{LIMBS - 1}]" for name in subtracted])
        lines.append(f"q = -(((((e + (q << {RADIX})) >> {ESTIMATE_SHIFT}) * {QUOTIENT}L) + {1 << (QUOTIENT_SHIFT - 1)}L) >> {QUOTIENT_SHIFT});")

    def column(k):
        terms = ["e"] if subtracted and k == LIMBS - 2 else high(LIMBS + k)
        if subtracted:
            terms += [f"(q * {P[k]}L)"] + ([f"-(long){name}[{k}]" for name in subtracted] if k < LIMBS - 2 else [])
        return terms

    for k in range(0, LIMBS - 1, 2):
        lines += ["s = 0;", "t = 0;"]
        lines += add_pair("s", column(k), "t", column(k + 1))
        for i, sum_ in ((k, "s"), (k + 1, "t")):
            lines += [f"{sum_} += carry;", f"carry = ({sum_} + {HALF}L) >> {RADIX};", f"r[{i}] = (int)({sum_} - (carry << {RADIX}));"]
    lines += add("carry", [f"q * {P[LIMBS - 1]}L"] + [f"-(long){name}[{LIMBS - 1}]" for name in subtracted]) if subtracted else []
    lines.append(f"r[{LIMBS - 1}] = (int)carry;")
    return lines


def source():
    text = [
        "// <auto-generated>Generated by generator/fp_narrow_kernels.py; change it there.</auto-generated>",
        "using System.Runtime.CompilerServices;",
        "",
        "namespace Meeda.Kzg.Fields.Kernels;",
        "",
        "/// <summary>Arithmetic in the base field on 13 limbs of 30 bits. Representation and bounds: docs/kzg-bounds.md. The result must not overlap an operand.</summary>",
        "internal static unsafe class FpNarrow",
        "{",
    ]
    for index, (name, kind, subtracted, formula) in enumerate(KERNELS):
        parameters = ["r", "a"] + (["b"] if kind == "multiply" else []) + subtracted
        text += [""] if index else []
        text += [
            f"    /// <summary><c>{formula}</c>.</summary>",
            "    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]",
            f"    public static void {name}({', '.join('int* ' + p for p in parameters)})",
            "    {",
            *["        " + line for line in body(kind, subtracted)],
            "    }",
        ]
    text += [
        "",
        "    /// <summary><c>r = a - b</c> limb by limb, no carries.</summary>",
        "    [MethodImpl(MethodImplOptions.AggressiveInlining)]",
        "    public static void Subtract(int* r, int* a, int* b)",
        "    {",
        *[f"        r[{i}] = a[{i}] - b[{i}];" for i in range(LIMBS)],
        "    }",
        "",
        "    /// <summary><c>a = ±x</c> and <c>d = ±y - a</c> limb by limb, a sign being 0 or, for minus, -1.</summary>",
        "    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]",
        "    public static void SubtractSigned(int* d, int* a, int* y, int signY, int* x, int signX)",
        "    {",
        *[line for i in range(LIMBS) for line in (f"        int a{i} = (x[{i}] ^ signX) - signX;", f"        a[{i}] = a{i};", f"        d[{i}] = (y[{i}] ^ signY) - signY - a{i};")],
        "    }",
    ]
    return "\n".join(text + ["}"]) + "\n"


if __name__ == "__main__":
    sys.stdout.write(source())
