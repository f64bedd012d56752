#!/usr/bin/env python3
"""Runs the kernels' operations on exact rationals, rounding once for each operation, on random and extreme limbs; fails where a result is wrong.

Also checks what docs/kzg-bounds.md says of each value: that every sum of low parts stays below 2^53 and every sum of high parts within its binade.
"""
import random
import sys
from fractions import Fraction

import fp_kernels
import fp_narrow_kernels as narrow
import fr_kernels
from fp_kernels import FP
from fr_kernels import FR, MOST_PRODUCTS, MOST_WEIGHTED, WEIGHT_LIMBS, WEIGHTED_LIMBS, WIDE_LIMBS
from operations import build


def value(field, limbs):
    return sum(int(limb) << (field.radix * i) for i, limb in enumerate(limbs))


def execute(field, operations, memory, values):
    """Carries the operations out on memory (arrays by name), keeping values."""
    values.update({f"K{i}": constant for i, constant in enumerate(operations.constants)})
    low, high = 2 ** (52 + field.radix), 2 ** (53 + field.radix)
    for operation, *arguments in operations.list:
        if operation == "store":
            memory[arguments[0]][arguments[1]] = values[arguments[2]]
            continue
        target, sources = arguments[0], arguments[1:]
        if operation in ("load", "broadcast"):
            values[target] = memory[sources[0]][sources[1]]
            continue
        if operation == "move":
            values[target] = values[sources[0]]
            continue
        exact = [Fraction(values[name]) for name in sources]
        result = {
            "fma": lambda: exact[0] * exact[1] + exact[2],
            "add": lambda: exact[0] + exact[1],
            "subtract": lambda: exact[0] - exact[1],
            "multiply": lambda: exact[0] * exact[1],
        }[operation]()
        values[target] = float(result)
        column = target.lstrip("HNLDwtc")
        if target[0] == "N" and column.isdigit():
            assert low <= result < high, (target, float(result))
        if target[0] in "LDwtc" and (column.isdigit() or target == "t"):
            # Everything but the rounded high parts and the estimate of the quotient is exact.
            assert operation == "add" and target[0] == "c" or Fraction(values[target]) == result, (operation, target, float(result))


def floats(limbs):
    return [float(limb) for limb in limbs]


def run(field, operations, arrays, result_length):
    memory = {name: floats(limbs) for name, limbs in arrays.items()}
    memory["s"] = [None] * (2 * field.limbs)
    memory.setdefault("r", [None] * result_length)
    execute(field, operations, memory, {})
    return memory["r"]


def check_columns(field, normal, lazy, low_parts_limit):
    """The worst sum of products in each column: at most a quarter of H's start, so that H stays within its binade; and the low parts below 2^53."""
    folds = [field.fold(i) for i in range(field.limbs)]
    limb = normal[0]
    quotient = sum(Fraction(abs(fold), field.modulus) for fold in folds) * limb + Fraction(2 ** 52 * 2 ** (field.radix * (field.limbs - 1)), field.modulus)
    for column in range(2 * field.limbs - 1):
        pairs = [(i, column - i) for i in range(field.limbs) if 0 <= column - i < field.limbs]
        total = sum(lazy * normal[i] * normal[j] for i, j in pairs)
        low_parts = len(pairs)
        if column < field.limbs:
            total += sum(abs(field.balanced(fold)[column]) * limb for fold in folds) + quotient * abs(field.balanced(-field.modulus)[column])
            low_parts += field.limbs + 1
        assert total < 2 ** (51 + field.radix), column
        offset = -field.top_low_offset if column == field.limbs - 1 else 6 * 2 ** 50
        assert offset + low_parts * low_parts_limit <= 2 ** 53, column


def check_fp(rounds, generator):
    half, top = 1 << (FP.radix - 1), FP.modulus >> (FP.radix * (FP.limbs - 1))
    # One factor lazy, the other as large as three normalised elements, which only its top limb shows.
    check_columns(FP, [half + 64] * (FP.limbs - 1) + [2 ** 46], 2, half)
    # Both factors sums of 12 normalised elements, carried; the topmost limb of their product is no larger than others are.
    largest = 12 * (FP.modulus * 53 // 100 >> 336) + 12
    check_columns(FP, [half + 64] * (FP.limbs - 1) + [largest], 1, half)
    assert largest * largest // 2 ** 48 + 64 < half

    def element(kind):
        if kind % 3 == 0:
            return FP.balanced(generator.randrange(FP.modulus))
        signs = [generator.choice([-1, 1]) for _ in range(FP.limbs)] if kind % 3 == 1 else [generator.choice([-1, 1])] * FP.limbs
        return [sign * (half + 64) for sign in signs[:-1]] + [signs[-1] * (top // 2)]

    for round_ in range(rounds):
        a, b, x, y = (element(round_ + i) for i in range(4))
        # A difference or sum of two elements on one side, limb by limb: what additions of points feed in.
        lazy = [p - q for p, q in zip(a, element(round_ + 1))]
        # What doublings and additions in Jacobian coordinates feed in besides: three times an element, carried, and sums of two to be subtracted.
        a, b = (e if round_ % 2 == 0 else e[:-1] + [3 * e[-1]] for e in (a, b))
        y = y if round_ % 2 == 0 else [2 * limb for limb in y]
        # What the tower of extensions feeds in: two carried sums of 12 elements.
        sums = [e[:-1] + [sign * largest] for e, sign in ((element(round_), 1), (element(round_ + 1), generator.choice([-1, 1])))]
        for layout in fp_kernels.LAYOUTS.values():
            for name, kind, subtracted, _ in fp_kernels.KERNELS:
                left = lazy if kind == "multiply" else a
                check_product(FP, name, kind, subtracted, layout, left, b, y if subtracted == 1 else x, y, half + 64)
                if name == "Multiply":
                    check_product(FP, name, kind, subtracted, layout, *sums, x, y, half + 64)


def check_product(field, name, kind, subtracted, layout, a, b, x, y, largest):
    arrays = {"a": a, "b": b, "x": x, "y": y}
    result = run(field, build(field, kind, subtracted, layout)[0], arrays, field.limbs)
    product = value(field, a) * value(field, b) if kind == "multiply" else value(field, a) ** 2
    expected = product - sum(value(field, arrays[operand]) for operand in ["x", "y"][:subtracted])
    check_reduced(field, name, result, expected, largest)


def check_reduced(field, name, result, expected, largest):
    assert (value(field, result) - expected) % field.modulus == 0, name
    assert abs(value(field, result)) < 0.53 * field.modulus, name
    assert max(abs(limb) for limb in result) <= largest, name


def check_fr(rounds, generator):
    half = 1 << (FR.radix - 1)
    # Both factors may be as large as four normalised elements: 16 times their product.
    check_columns(FR, [half + 64] * (FR.limbs - 1) + [2 ** 40], 16, half)
    # Sums of products: coefficients normalised, elements of whole limbs.
    assert MOST_PRODUCTS * FR.limbs * (half + 64) * 2 * half <= 2 ** (51 + FR.radix)
    assert 6 * 2 ** 50 + MOST_PRODUCTS * FR.limbs * half <= 2 ** 53
    assert MOST_PRODUCTS * FR.limbs * (half + half + 64) + half <= 2 ** 52
    assert MOST_WEIGHTED * WEIGHT_LIMBS * (half + half + 1) + half + 64 <= 2 ** 52

    def signs(kind, count):
        return [generator.choice([-1, 1]) for _ in range(count)] if kind % 3 == 1 else [generator.choice([-1, 1])] * count

    def element(kind, scale):
        if kind % 3 == 0:
            return FR.balanced(generator.randrange(FR.modulus))
        return [sign * scale * (half + 64) for sign in signs(kind, 5)] + [generator.choice([-1, 1]) * scale * (FR.modulus >> 216)]

    def whole_limbs(kind):
        if kind % 3 != 0:
            return [2 * half - 1] * 5 + [FR.modulus >> 215]
        number = generator.randrange(FR.modulus)
        return [(number >> (43 * i)) & (2 * half - 1) for i in range(6)]

    for round_ in range(rounds):
        a, b, x, y = (element(round_ + i, 4) for i in range(4))
        for layout in fr_kernels.LAYOUTS.values():
            for name, kind, subtracted, _ in fr_kernels.KERNELS:
                check_product(FR, name, kind, subtracted, layout, a, b, x, y, half + 64)
            wide = [sign * 2 ** 52 for sign in signs(round_, WIDE_LIMBS - 1)] + [generator.randrange(-half, half)]
            result = run(FR, fr_kernels.build_reduce(layout), {"a": wide}, FR.limbs)
            check_reduced(FR, "Reduce", result, value(FR, wide), half + 64)

            weight = [sign * half for sign in signs(round_, WEIGHT_LIMBS)]
            sums = [sign * (2 ** 52 - 2 ** 45) for sign in signs(round_ + 1, WEIGHTED_LIMBS)]
            e = whole_limbs(round_)
            result = run(FR, fr_kernels.build_add_weighted(layout), {"r": sums, "w": weight, "e": e}, WEIGHTED_LIMBS)
            assert value(FR, result) == value(FR, sums) + value(FR, weight) * value(FR, e), "AddWeighted"

            if round_ % 4 == 0:
                check_sum_products(layout, [(element(round_ + i, 1), whole_limbs(round_ + i // 2)) for i in range(0, 3 * MOST_PRODUCTS, 3)])


def check_sum_products(layout, products):
    memory = {"r": [None] * WIDE_LIMBS}
    for _, before, each, after in fr_kernels.build_sum_products(layout):
        values = {}
        execute(FR, before, memory, values)
        for coefficient, element in products:
            memory["c"], memory["e"] = floats(coefficient), floats(element)
            execute(FR, each, memory, values)
        execute(FR, after, memory, values)
    assert value(FR, memory["r"]) == sum(value(FR, c) * value(FR, e) for c, e in products), "SumProducts"
    assert max(abs(limb) for limb in memory["r"]) <= 2 ** 52, "SumProducts"


def exactly(result, exact):
    assert Fraction(result) == exact, (result, float(exact))
    return result


def carried(field, limbs):
    """One parallel pass of carries, as FpCarry and FrCarry do it."""
    start, unit = 1.5 * 2.0 ** (52 + field.radix), 2.0 ** -field.radix
    below, result = 0.0, []
    for limb in limbs[:-1]:
        carry = (limb + start) - start
        rest = exactly(limb - carry, Fraction(limb) - Fraction(carry))
        result.append(exactly(rest + below, Fraction(rest) + Fraction(below)))
        below = exactly(carry * unit, Fraction(carry) * Fraction(unit))
    return result + [exactly(limbs[-1] + below, Fraction(limbs[-1]) + Fraction(below))]


def check_normalise(field, most, carries_first, rounds, generator):
    """Sums of that many normalised elements, extreme and random: every operation but the estimate of the quotient exact, the result normalised."""
    half, top = 1 << (field.radix - 1), 53 * field.modulus // 100 >> (field.radix * (field.limbs - 1))
    modulus = floats(field.balanced(field.modulus))
    scale = float(Fraction(1 << (field.radix * (field.limbs - 1)), field.modulus))
    for round_ in range(rounds):
        times = most if round_ % 2 == 0 else generator.randrange(1, most + 1)
        if round_ % 3 == 0:
            limbs = [generator.randrange(-half - 64, half + 65) for _ in range(field.limbs - 1)] + [generator.randrange(-top, top + 1)]
        else:
            signs = [generator.choice([-1, 1]) for _ in range(field.limbs)] if round_ % 3 == 1 else [generator.choice([-1, 1])] * field.limbs
            limbs = [sign * (half + 64) for sign in signs[:-1]] + [signs[-1] * top]
        limbs = floats([times * limb for limb in limbs])
        expected = value(field, limbs)
        if carries_first:
            limbs = carried(field, limbs)
        quotient = (limbs[-1] * scale + 1.5 * 2.0 ** 52) - 1.5 * 2.0 ** 52
        products = [exactly(quotient * limb, Fraction(quotient) * Fraction(limb)) for limb in modulus]
        limbs = [exactly(a - b, Fraction(a) - Fraction(b)) for a, b in zip(limbs, products)]
        check_reduced(field, "Normalise", carried(field, limbs), expected, half + 64)


def check_narrow():
    """The worst magnitude of a column of 64-bit integers: one factor lazy, both tops small, the multiple of p, the carry and what is subtracted."""
    half, limbs = narrow.HALF, narrow.LIMBS
    normal, lazy = [half] * (limbs - 1) + [2 ** 20], [2 * half] * (limbs - 1) + [2 ** 21]
    for column in range(2 * limbs - 1):
        pairs = [(i, column - i) for i in range(limbs) if 0 <= column - i < limbs]
        total = sum(lazy[i] * normal[j] + half * abs(narrow.P[j]) for i, j in pairs)
        # A carry is a column's 2^-30 part; the quotient by p is at most 3, what is subtracted at most two limbs.
        assert total + 2 ** 34 + 3 * half + 2 * half < 2 ** 63, column
    # The estimate of the quotient: the column of limb 11 without its 30 low bits, limb 12 added, times the constant.
    assert (2 ** 33 + 2 ** 22) * narrow.QUOTIENT < 2 ** 63


def main(rounds):
    check_narrow()
    check_fp(rounds, random.Random(1))
    check_fr(rounds, random.Random(2))
    check_normalise(FP, 56, True, 50 * rounds, random.Random(3))
    check_normalise(FR, 8, False, 50 * rounds, random.Random(4))
    print(f"{rounds} rounds: every operation exact, every result right")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
