#!/usr/bin/env python3
"""Runs the kernels' operations on exact rationals, rounding once for each operation, on random and extreme limbs; fails where a result is wrong.

Also checks what docs/kzg-bounds.md says of each value: that every sum of low parts stays below 2^53 and every sum of high parts within its binade.
"""
import random
import sys
from fractions import Fraction

from fp_kernels import KERNELS, LAYOUTS, LIMBS, MODULUS, RADIX, balanced, build, centred


def value(limbs):
    return sum(int(limb) << (RADIX * i) for i, limb in enumerate(limbs))


def run(kind, subtracted, layout, arrays):
    operations, _ = build(kind, subtracted, layout)
    values = {f"K{i}": constant for i, constant in enumerate(operations.constants)}
    memory = {name: [float(limb) for limb in limbs] for name, limbs in arrays.items()}
    memory["s"], memory["r"] = [None] * 16, [None] * LIMBS
    for operation, *arguments in operations.list:
        if operation == "store":
            memory[arguments[0]][arguments[1]] = values[arguments[2]]
            continue
        target, sources = arguments[0], arguments[1:]
        if operation == "load":
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
            assert 2 ** 100 <= result < 2 ** 101, (target, float(result))
        if target[0] in "LDwtc" and column.isdigit():
            # Everything but the rounded high parts and the estimate of the quotient is exact.
            assert operation == "add" and target[0] == "c" or Fraction(values[target]) == result, (operation, target, float(result))
    return memory["r"]


def check_columns():
    """The worst sum of products in each column, one factor lazy: below 2^99, so that H stays between 2^100 and 2^101."""
    limb = 2 ** (RADIX - 1) + 64
    normal = [limb] * (LIMBS - 1) + [2 ** 44]
    folds = [centred(1 << (RADIX * (LIMBS + i))) for i in range(LIMBS)]
    quotient = sum(Fraction(abs(fold), MODULUS) for fold in folds) * limb + Fraction(2 ** 52 * 2 ** (RADIX * (LIMBS - 1)), MODULUS)
    for column in range(2 * LIMBS - 1):
        pairs = [(i, column - i) for i in range(LIMBS) if 0 <= column - i < LIMBS]
        total = sum(2 * normal[i] * normal[j] for i, j in pairs)
        low_parts = len(pairs)
        if column < LIMBS:
            total += sum(abs(balanced(fold)[column]) * limb for fold in folds) + quotient * abs(balanced(-MODULUS)[column])
            low_parts += LIMBS + 1
        assert total < 2 ** 99, column
        offset = 5 * 2 ** 50 if column == LIMBS - 1 else 6 * 2 ** 50
        assert offset + low_parts * 2 ** (RADIX - 1) <= 2 ** 53, column


def main(rounds):
    check_columns()
    generator = random.Random(1)
    half, top = 1 << (RADIX - 1), MODULUS >> (RADIX * (LIMBS - 1))

    def element(kind):
        if kind % 3 == 0:
            return balanced(generator.randrange(MODULUS))
        signs = [generator.choice([-1, 1]) for _ in range(LIMBS)] if kind % 3 == 1 else [generator.choice([-1, 1])] * LIMBS
        return [sign * (half + 64) for sign in signs[:-1]] + [signs[-1] * (top // 2)]

    for round_ in range(rounds):
        a, b, x, y = (element(round_ + i) for i in range(4))
        # A difference or sum of two elements on one side, limb by limb: what additions of points feed in.
        lazy = [p - q for p, q in zip(a, element(round_ + 1))]
        for layout in LAYOUTS.values():
            for name, kind, subtracted, _ in KERNELS:
                left = lazy if kind == "multiply" else a
                arrays = {"a": left, "b": b, "x": x, "y": y}
                result = run(kind, subtracted, layout, arrays)
                product = value(left) * value(b) if kind == "multiply" else value(a) ** 2
                expected = product - sum(value(arrays[operand]) for operand in ["x", "y"][:subtracted])
                assert (value(result) - expected) % MODULUS == 0, name
                assert abs(value(result)) < 0.53 * MODULUS, name
                assert max(abs(limb) for limb in result) <= half + 64, name
    print(f"{rounds} rounds: every operation exact, every result right")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
