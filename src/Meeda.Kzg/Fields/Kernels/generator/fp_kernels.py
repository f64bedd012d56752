#!/usr/bin/env python3
"""Generates the vector multiplication of BLS12-381's base field: `fp_kernels.py 512 > ../FpVector512.cs`, `fp_kernels.py 256 > ../FpVector256.cs`.

An element is 8 limbs of radix 2^48.
"""
import sys

from operations import Field, Layout, build, file, method

# Column 7 sums 17 products, whose low parts could push L beyond 2^53 from -1.5*2^52; from -1.25*2^52 they cannot.
FP = Field(0x1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab, 8, 48, -1.25 * 2.0 ** 52)

# Kernel, operation, operands that are subtracted from the product before it is reduced.
KERNELS = [
    ("Multiply", "multiply", 0, "r = a*b"),
    ("Square", "square", 0, "r = a*a"),
    ("MultiplySubtract", "multiply", 1, "r = a*b - x"),
    ("SquareSubtract", "square", 2, "r = a*a - x - y"),
]

LAYOUTS = {512: Layout(512, 4, 4, 3), 256: Layout(256, 1, 1, 4)}


def source(layout):
    methods = []
    for name, kind, subtracted, formula in KERNELS:
        operations, names = build(FP, kind, subtracted, layout)
        parameters = ["r", "a"] + (["b"] if kind == "multiply" else []) + names + ["s"]
        methods.append(method(name, f"<c>{formula}</c> in every lane.", operations, parameters, layout))
    return file(
        "fp_kernels.py",
        f"FpVector{layout.bits}",
        f"Arithmetic in the base field on {layout.lanes} lanes at once; s is scratch memory of 16 vectors. Representation and bounds: docs/kzg-bounds.md.",
        methods)


if __name__ == "__main__":
    sys.stdout.write(source(LAYOUTS[int(sys.argv[1])]))
