#!/usr/bin/env python3
"""Proves by interval arithmetic that no sum in the kernels of generate.py is ever rounded where it must be exact (docs/kzg-bounds.md).

Every value gets an interval that holds for all inputs within the stated limits. Fails with the operation that could lose a bit.
"""
import sys
from fractions import Fraction

import generate

LIMB = 2**47 + 64  # a limb that kernels leave and take
EXACT = 2**53  # integers up to here are doubles


def corners(x, y):
    products = [u * v for u in x for v in y]
    return min(products), max(products)


def prove(kind, subtrahends):
    """The largest limb that the kernel leaves, and how near to 2^53 a low part comes."""
    program, _ = generate.build(kind, subtrahends)
    value, split, rounded, low = {}, {}, {}, 0
    for i, constant in enumerate(program.constants):
        value[f"K{i}"] = (Fraction(constant), Fraction(constant))
    memory = {}
    high = next(c for c in program.constants if c == 1.5 * 2.0**100)
    for operation in program.operations:
        what, target, *names = operation
        if what == "load":
            array, index = names
            key = (array, index)
            if array == "s":
                value[target] = memory[key]
            else:
                limit = LIMB * (2 if array == "a" and kind == "mul" else 1)
                value[target] = (-limit, limit)
            split.pop(target, None), rounded.pop(target, None)
            continue
        if what == "store":
            memory[(target, names[0])] = value[names[1]]
            continue
        if what in ("mov", "movk"):
            value[target] = value[names[0]]
            continue
        a = [value[n] for n in names]
        mark = mark_rounded = None
        if target[0] in "q" or what == "mul":  # the quotient is an estimate: only its size matters
            if what == "fma":
                p = corners(a[0], a[1])
                result = (p[0] + a[2][0], p[1] + a[2][1])
            elif what == "mul":
                result = corners(a[0], a[1])
            else:
                b = a[1] if what == "add" else (-a[1][1], -a[1][0])
                result = (a[0][0] + b[0], a[0][1] + b[1])
            result = (result[0] - 1, result[1] + 1)
        elif what == "fma" and target[0] in "HN":  # rounded at 2^48: must stay in the binade of 2^100
            p = corners(a[0], a[1])
            result = (p[0] + a[2][0] - 2**47, p[1] + a[2][1] + 2**47)
            assert 2**100 <= result[0] and result[1] < 2**101, (operation, "leaves its binade")
            mark = ("sum", names[0], names[1])
        elif what == "sub" and target[0] == "D":  # the rounded product, exact: multiples of 2^48 near one another
            start = a[0][0] - Fraction(high) if names[0][0] == "K" else 0
            source = split[names[1]]
            result, mark = a[0], ("difference", source[1], source[2], start)
        elif what == "fma" and names[2] in split and split[names[2]][0] == "difference":
            _, x, y, start = split[names[2]]
            assert (x, y) == (names[0], names[1]), operation
            result = (start - 2**47, start + 2**47)
        elif what == "add" and target[0] == "c":
            assert a[1][0] == Fraction(high)
            result, mark_rounded = a[0], names[0]
        elif what == "sub" and target[0] == "c":  # the nearest multiple of 2^48
            result, mark_rounded = (a[0][0] - 2**47, a[0][1] + 2**47), rounded[names[0]]
        elif what == "sub" and names[1] in rounded and rounded[names[1]] == names[0]:
            result = (-(2**47), 2**47)
        else:
            if what == "fma":
                p = corners(a[0], a[1])
                result = (p[0] + a[2][0], p[1] + a[2][1])
            else:
                b = a[1] if what == "add" else (-a[1][1], -a[1][0])
                result = (a[0][0] + b[0], a[0][1] + b[1])
        if what == "sub" and target == "m" and names[0] == "H7":  # a multiple of 2^48 below 2^101: exact at any size
            value[target] = result
            continue
        if what == "add" and target == "w7" and names[1] == "m":  # what is left of the value is below 0.67 p < 2^381 (docs/kzg-bounds.md), so is its top limb
            result = (-(2**46), 2**46)
        if target[0] in "Ltwdm" or (target[0] == "D" and mark is None):
            assert max(-result[0], result[1]) <= EXACT, (operation, float(result[0]), float(result[1]))
        if target[0] == "L":
            low = max(low, -result[0], result[1])
        value[target] = result
        for table, entry in ((split, mark), (rounded, mark_rounded)):
            if entry is None:
                table.pop(target, None)
            else:
                table[target] = entry
    limbs = [max(-memory[("r", k)][0], memory[("r", k)][1]) for k in range(generate.N - 1)]
    assert max(limbs) <= LIMB, (kind, float(max(limbs) - 2**47))
    return float(max(limbs) - 2**47), float(low / EXACT)


if __name__ == "__main__":
    for name, _, kind, subtrahends in generate.KERNELS:
        over, low = prove(kind, subtrahends)
        print(f"{name}: limbs at most 2^47 + {over:.2f}; low sums reach {low:.4f} of 2^53")
    sys.exit(0)
