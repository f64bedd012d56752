#!/usr/bin/env python3
"""Generates the vector arithmetic of BLS12-381's scalar field: `fr_kernels.py 512 > ../FrVector512.cs`, `fr_kernels.py 256 > ../FrVector256.cs`.

An element is 6 limbs of radix 2^43. Sums of products are kept wide, as 12 limbs below 2^52 in magnitude, and reduced once.
"""
import sys

from operations import (
    LOW_OFFSET, Columns, Field, Layout, Operations, build, carry_pass, declaration, file, fold_terms, groups, indented, method, quotient, signature, statements)

FR = Field(0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001, 6, 43, LOW_OFFSET)
WIDE_LIMBS = 2 * FR.limbs
# A weight below 2^128, and the limbs of its products that are summed.
WEIGHT_LIMBS = 3
WEIGHTED_LIMBS = FR.limbs + WEIGHT_LIMBS
# Blobs that are summed before the sums are reduced, and products that SumProducts adds.
MOST_WEIGHTED = 128
MOST_PRODUCTS = 64

KERNELS = [
    ("Multiply", "multiply", 0, "r = a*b"),
    ("MultiplySubtract", "multiply", 1, "r = a*b - x"),
]

LAYOUTS = {512: Layout(512, 3, 6, 3), 256: Layout(256, 1, 1, 3)}
# Columns whose sums SumProducts keeps in registers, and how many of them it works on side by side.
KEPT_COLUMNS = {512: (11, 3), 256: (4, 2)}


def build_reduce(layout):
    """r = the 12 wide limbs a, reduced."""
    o = Operations()
    limbs, top = FR.limbs, FR.limbs - 1
    sums = Columns(o, FR)
    for c in range(limbs + 1):
        o.load(f"t{c}", "a", c)
    carry_pass(o, FR, [f"t{c}" for c in range(limbs + 1)])
    for c in range(limbs):
        o.store("s", c, f"t{c}")
    o.move("m", f"t{top}")
    for c in range(limbs + 1, WIDE_LIMBS):
        o.load(f"t{c}", "a", c)
    carry_pass(o, FR, [f"t{c}" for c in range(limbs, WIDE_LIMBS)])
    quotient(o, FR)
    for columns in groups(list(range(limbs)), layout.late_group):
        sums.accumulate({c: fold_terms(o, FR, c) for c in columns})
        for c in reversed(columns):
            if c > 0:
                o.fma(f"w{c}", f"H{c - 1}", sums.carry, f"L{c}")
            else:
                o.move("w0", "L0")
            o.load("e", "s", c)
            o.add(f"w{c}", f"w{c}", "e")
    o.subtract("m", f"H{top}", sums.start)
    o.add(f"w{top}", f"w{top}", "m")
    carry_pass(o, FR, [f"w{c}" for c in range(limbs)])
    for c in range(limbs):
        o.store("r", c, f"w{c}")
    return o


def build_add_weighted(layout):
    """r += w*e on 9 wide limbs for a weight w of 3 limbs."""
    o = Operations()
    sums = Columns(o, FR)
    for i in range(WEIGHT_LIMBS):
        o.load(f"w{i}", "w", i)
    for i in range(FR.limbs):
        o.load(f"e{i}", "e", i)
    for columns in groups(list(range(WEIGHTED_LIMBS - 1)), layout.early_group):
        sums.accumulate({c: [(f"w{i}", f"e{c - i}") for i in range(WEIGHT_LIMBS) if 0 <= c - i < FR.limbs] for c in columns})
        for c in columns:
            if c > 0:
                o.fma(f"L{c}", f"H{c - 1}", sums.carry, f"L{c}")
            o.load("t", "r", c)
            o.add("t", "t", f"L{c}")
            o.store("r", c, "t")
    o.fma(f"L{WEIGHTED_LIMBS - 1}", f"H{WEIGHTED_LIMBS - 2}", sums.carry, o.constant(LOW_OFFSET))
    o.load("t", "r", WEIGHTED_LIMBS - 1)
    o.add("t", "t", f"L{WEIGHTED_LIMBS - 1}")
    o.store("r", WEIGHTED_LIMBS - 1, "t")
    return o


def build_sum_products(layout):
    """r = the sum of products c*e, wide: for each run of columns what comes before the products, what each of them does, and what comes after."""
    kept, side_by_side = KEPT_COLUMNS[layout.bits]
    runs = []
    for columns in groups(list(range(WIDE_LIMBS - 1)), kept):
        before, each, after = Operations(), Operations(), Operations()
        for c in columns:
            before.move(f"H{c}", before.constant(FR.high_start))
            before.move(f"L{c}", before.constant(0.0 if c == columns[0] else LOW_OFFSET))
        sums = Columns(each, FR)
        sums.started.update(columns)
        for i in range(FR.limbs):
            each.broadcast("a", "c", i)
            for group in groups([c for c in columns if 0 <= c - i < FR.limbs], side_by_side):
                for c in group:
                    each.load(f"e{c}", "e", c - i)
                sums.accumulate({c: [("a", f"e{c}")] for c in group})
        first, last = columns[0], columns[-1]
        if first > 0:
            after.load("t", "r", first)
            after.add(f"L{first}", f"L{first}", "t")
        after.store("r", first, f"L{first}")
        for c in columns[1:]:
            after.fma("t", f"H{c - 1}", after.constant(FR.carry), f"L{c}")
            after.store("r", c, "t")
        after.fma("t", f"H{last}", after.constant(FR.carry), after.constant(LOW_OFFSET))
        after.store("r", last + 1, "t")
        runs.append((columns, before, each, after))
    return runs


def add_weighted(layout):
    lines, count = statements(build_add_weighted(layout), layout)
    step, element = WEIGHTED_LIMBS * layout.lanes, FR.limbs * layout.lanes
    summary = f"<c>r += w·e</c> on {WEIGHTED_LIMBS} wide limbs in every lane of as many groups; <c>w</c> is {WEIGHT_LIMBS} vectors. At most {MOST_WEIGHTED} times between reductions."
    return signature("AddWeighted", summary, ["double* r", "double* e", "double* w", "int groups"]) + [
        "    {",
        declaration([f"v{i}" for i in range(count)], layout),
        f"        for (; groups > 0; groups--, r += {step}, e += {element})",
        "        {",
        *indented(lines, 3),
        "        }",
        "    }",
    ]


def sum_products(layout):
    text = []
    names = set()
    for columns, before, each, after in build_sum_products(layout):
        kept = [f"{letter}{c}" for c in columns for letter in "HL"]
        parts = [statements(operations, layout, kept) for operations in (before, each, after)]
        names.update(kept)
        names.update(f"v{i}" for i in range(max(count for _, count in parts)))
        text += [
            *indented(parts[0][0], 2),
            "        for (int i = 0; i < count; i++)",
            "        {",
            "            double* c = coefficients + (i * coefficientStep);",
            "            double* e = elements + (i * elementStep);",
            *indented(parts[1][0], 3),
            "        }",
            "",
            *indented(parts[2][0], 2),
        ]
    summary = f"<c>r = Σ c·e</c> wide, in every lane: at most {MOST_PRODUCTS} coefficients of {FR.limbs} doubles each, the same in all lanes, and as many elements."
    parameters = ["double* r", "double* coefficients", "int coefficientStep", "double* elements", "int elementStep", "int count"]
    return signature("SumProducts", summary, parameters) + ["    {", declaration(sorted(names), layout), *text, "    }"]


def source(layout):
    methods = []
    for name, kind, subtracted, formula in KERNELS:
        operations, names = build(FR, kind, subtracted, layout)
        methods.append(method(name, f"<c>{formula}</c> in every lane.", operations, ["r", "a", "b"] + names + ["s"], layout))
    methods.append(method("Reduce", f"<c>r</c> is the {WIDE_LIMBS} wide limbs <c>a</c> modulo the prime, in every lane.", build_reduce(layout), ["r", "a", "s"], layout))
    methods += [add_weighted(layout), sum_products(layout)]
    return file(
        "fr_kernels.py",
        f"FrVector{layout.bits}",
        f"Arithmetic in the scalar field on {layout.lanes} lanes at once; s is scratch memory of {WIDE_LIMBS} vectors. Representation and bounds: docs/kzg-bounds.md.",
        methods)


if __name__ == "__main__":
    sys.stdout.write(source(LAYOUTS[int(sys.argv[1])]))
