#!/usr/bin/env python3
"""Generates the vector multiplication of BLS12-381's base field on doubles: `fp_kernels.py 512 > ../FpVector512.cs`, `fp_kernels.py 256 > ../FpVector256.cs`.

An element is 8 signed limbs, radix 2^48, each a double that holds an integer; limb i of all lanes lies in one vector. docs/kzg-bounds.md proves that
every step is exact, simulate.py runs the same list of operations on exact rationals.

One column of a product is summed by fused multiply-adds alone. H starts at 1.5*2^100, so H' = fma(a, b, H) is rounded to multiples of 2^48; d = H - H' is
exact, and so is L += fma(a, b, d), the part that the rounding cut off. H/2^48 is the carry into the next column.
"""
import re
import struct
import sys
from fractions import Fraction

MODULUS = 0x1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab
LIMBS = 8
RADIX = 48

HIGH_START = 1.5 * 2.0 ** (52 + RADIX)
# Offset of L, cancelled by the 1.5*2^52 that H/2^48 of the column below carries.
LOW_OFFSET = -1.5 * 2.0 ** 52
# Column 7 sums 17 products, whose low parts could push L beyond 2^53 from -1.5*2^52; from here they cannot. The surplus 2^50 is taken away with
# the constant that H of the column is freed from.
TOP_LOW_OFFSET = -1.25 * 2.0 ** 52
TOP_SURPLUS = TOP_LOW_OFFSET - LOW_OFFSET
ROUND_TO_INTEGER = 1.5 * 2.0 ** 52
CARRY = 2.0 ** -RADIX

# Kernel, operation, operands that are subtracted from the product before it is reduced.
KERNELS = [
    ("Multiply", "multiply", 0, "r = a*b"),
    ("Square", "square", 0, "r = a*a"),
    ("MultiplySubtract", "multiply", 1, "r = a*b - x"),
    ("SquareSubtract", "square", 2, "r = a*a - x - y"),
]


class Layout:
    """How many columns are summed side by side: what a processor's registers allow without spilling."""

    def __init__(self, bits, early_group, late_group, first_early):
        self.bits = bits
        self.lanes = bits // 64
        # The columns from first_early up are summed and parked in scratch memory before the high half, early_group at a time.
        self.early_group = early_group
        self.late_group = late_group
        self.first_early = first_early


LAYOUTS = {512: Layout(512, 4, 4, 3), 256: Layout(256, 1, 1, 4)}


def balanced(value):
    """Limbs of a value, all but the top one in [-2^47, 2^47)."""
    limbs = []
    for _ in range(LIMBS - 1):
        limb = value & ((1 << RADIX) - 1)
        if limb >= 1 << (RADIX - 1):
            limb -= 1 << RADIX
        limbs.append(limb)
        value = (value - limb) >> RADIX
    return limbs + [value]


def centred(value):
    """The residue of least magnitude."""
    value %= MODULUS
    return value - MODULUS if value > MODULUS // 2 else value


class Operations:
    """A list of operations on named values: (operation, target, operands…)."""

    def __init__(self):
        self.list = []
        self.constants = []
        self._index = {}

    def constant(self, value):
        key = struct.pack("<d", value)
        if key not in self._index:
            self._index[key] = len(self.constants)
            self.constants.append(value)
        return f"K{self._index[key]}"

    def __getattr__(self, name):
        return lambda *operands: self.list.append((name, *operands))


def build(kind, subtracted, layout):
    """The operations of one kernel."""
    o = Operations()
    start, carry = o.constant(HIGH_START), o.constant(CARRY)
    folds = [balanced(centred(1 << (RADIX * (LIMBS + i)))) for i in range(LIMBS)]
    fold_quotients = [float(Fraction(centred(1 << (RADIX * (LIMBS + i))), MODULUS)) for i in range(LIMBS)]
    top_quotient = float(Fraction(1 << (RADIX * (LIMBS - 1)), MODULUS))
    minus_modulus = balanced(-MODULUS)
    started = set()
    top = LIMBS - 1

    def load_inputs(count):
        for i in range(count):
            o.load(f"a{i}", "a", i)
        for i in range(count):
            if kind == "multiply":
                o.load(f"b{i}", "b", i)
            else:
                o.add(f"d{i}", f"a{i}", f"a{i}")

    def products(column):
        pairs = []
        for i in range(max(0, column - top), min(LIMBS, column + 1)):
            j = column - i
            if kind == "multiply":
                pairs.append((f"a{i}", f"b{j}"))
            elif i < j:
                pairs.append((f"d{i}", f"a{j}"))
            elif i == j:
                pairs.append((f"a{i}", f"a{i}"))
        return pairs

    def first_low(column):
        # Column 0 has no column below whose H would cancel an offset.
        offset = 0.0 if column == 0 else TOP_LOW_OFFSET if column == top else LOW_OFFSET
        return o.constant(HIGH_START + offset)

    def accumulate(terms):
        """Adds the products of several columns, interleaved: terms maps a column to its pairs of factors."""
        for step in range(max(len(pairs) for pairs in terms.values())):
            group = [(c, *pairs[step]) for c, pairs in terms.items() if step < len(pairs)]
            for c, x, y in group:
                o.fma(f"N{c}", x, y, f"H{c}" if c in started else start)
            for c, x, y in group:
                o.subtract(f"D{c}", f"H{c}" if c in started else first_low(c), f"N{c}")
                o.move(f"H{c}", f"N{c}")
            for c, x, y in group:
                o.fma(f"D{c}" if c in started else f"L{c}", x, y, f"D{c}")
            for c, x, y in group:
                if c in started:
                    o.add(f"L{c}", f"L{c}", f"D{c}")
                started.add(c)

    def groups(columns, size):
        return [columns[i:i + size] for i in range(0, len(columns), size)]

    # 1. Low columns that are ready early, parked.
    load_inputs(LIMBS)
    for columns in groups(list(range(layout.first_early, LIMBS - 2)), layout.early_group):
        accumulate({c: products(c) for c in columns})
        for c in columns:
            o.store("s", 2 * c, f"H{c}")
            o.store("s", 2 * c + 1, f"L{c}")

    # 2. The two top low columns, and from them the estimate m of everything below 2^384.
    accumulate({c: products(c) for c in (LIMBS - 2, top)})
    o.fma("m", f"H{LIMBS - 2}", carry, f"L{top}")
    o.store("s", 2 * (LIMBS - 2), f"H{LIMBS - 2}")
    o.store("s", 2 * (LIMBS - 2) + 1, f"L{LIMBS - 2}")
    o.store("s", 2 * top + 1, f"L{top}")

    # 3. The high columns 8…15, made limbs by one parallel pass of carries.
    for columns in groups(list(range(LIMBS, 2 * LIMBS - 1)), layout.early_group):
        accumulate({c: products(c) for c in columns})
        for c in columns:
            o.fma(f"t{c}", f"H{c - 1}", carry, f"L{c}")
    o.fma(f"t{2 * LIMBS - 1}", f"H{2 * LIMBS - 2}", carry, o.constant(LOW_OFFSET))
    o.move(f"H{top}", start)
    for c in range(LIMBS, 2 * LIMBS - 1):
        o.add(f"c{c}", f"t{c}", start)
    for c in range(LIMBS, 2 * LIMBS - 1):
        o.subtract(f"c{c}", f"c{c}", start)
    for c in range(LIMBS, 2 * LIMBS - 1):
        o.subtract(f"t{c}", f"t{c}", f"c{c}")
    for c in range(LIMBS + 1, 2 * LIMBS):
        o.fma(f"t{c}", f"c{c - 1}", carry, f"t{c}")

    # 4. The quotient by p of what the folded columns will amount to, rounded to an integer.
    names = ["x", "y"][:subtracted]
    for name in names:
        o.load("e", name, top)
        o.subtract("m", "m", "e")
    o.fma("q0", "m", o.constant(top_quotient), o.constant(-TOP_SURPLUS * top_quotient))
    o.multiply("q1", f"t{LIMBS}", o.constant(fold_quotients[0]))
    for i in range(1, LIMBS):
        chain = f"q{1 - i % 2}"
        o.fma(chain, f"t{LIMBS + i}", o.constant(fold_quotients[i]), chain)
    rounding = o.constant(ROUND_TO_INTEGER)
    o.add("q", "q0", "q1")
    o.add("q", "q", rounding)
    o.subtract("q", "q", rounding)

    # 5. The low columns with the high limbs folded in (times 2^(48(8+i)) mod p) and q times p taken away.
    for columns in groups(list(range(LIMBS)), layout.late_group):
        if columns[0] < layout.first_early:
            load_inputs(layout.first_early)
        terms = {}
        for c in columns:
            terms[c] = products(c) if c < layout.first_early else []
            terms[c] = terms[c] + [(f"t{LIMBS + i}", o.constant(float(folds[i][c]))) for i in range(LIMBS) if folds[i][c] != 0]
            terms[c].append(("q", o.constant(float(minus_modulus[c]))))
        for c in columns:
            if c >= layout.first_early:
                if c != top:
                    o.load(f"H{c}", "s", 2 * c)
                o.load(f"L{c}", "s", 2 * c + 1)
        accumulate(terms)
        for c in reversed(columns):
            if c > 0:
                o.fma(f"w{c}", f"H{c - 1}", carry, f"L{c}")
            else:
                o.move("w0", "L0")
    o.subtract("m", f"H{top}", o.constant(HIGH_START + TOP_SURPLUS))
    o.add(f"w{top}", f"w{top}", "m")
    for name in names:
        for c in range(LIMBS):
            o.load("e", name, c)
            o.subtract(f"w{c}", f"w{c}", "e")

    # 6. One more parallel pass of carries.
    for c in range(top):
        o.add(f"c{c}", f"w{c}", start)
    for c in range(top):
        o.subtract(f"c{c}", f"c{c}", start)
    for c in range(top):
        o.subtract(f"w{c}", f"w{c}", f"c{c}")
    for c in range(1, LIMBS):
        o.fma(f"w{c}", f"c{c - 1}", carry, f"w{c}")
    for c in range(LIMBS):
        o.store("r", c, f"w{c}")
    return o, names


INSTRUCTIONS = {
    512: {"fma": "Avx512F.FusedMultiplyAdd", "add": "Avx512F.Add", "subtract": "Avx512F.Subtract", "multiply": "Avx512F.Multiply"},
    256: {"fma": "Fma.MultiplyAdd", "add": "Avx.Add", "subtract": "Avx.Subtract", "multiply": "Avx.Multiply"},
}


def statements(operations, layout):
    """C# statements, the values renamed to as few variables as a linear scan needs, and the number of variables."""
    vector = f"Vector{layout.bits}"
    current, body, versions = {}, [], {}

    def use(name):
        return name if re.fullmatch(r"K\d+", name) else current[name]

    def define(name):
        versions[name] = versions.get(name, 0) + 1
        current[name] = f"{name}_{versions[name]}"
        return current[name]

    for operation, *arguments in operations.list:
        if operation == "move":
            current[arguments[0]] = use(arguments[1])
        elif operation == "load":
            text = f"*({vector}<double>*)({arguments[1]} + {arguments[2] * layout.lanes})"
            body.append((define(arguments[0]), text, []))
        elif operation == "store":
            body.append((None, f"*({vector}<double>*)({arguments[0]} + {arguments[1] * layout.lanes}) = {{}};", [use(arguments[2])]))
        else:
            sources = [use(name) for name in arguments[1:]]
            call = f"{INSTRUCTIONS[layout.bits][operation]}({', '.join(['{}'] * len(sources))})"
            body.append((define(arguments[0]), call, sources))

    last = {}
    for index, (_, _, sources) in enumerate(body):
        for source in sources:
            last[source] = index
    free, variables, lines, count = [], {}, [], 0
    for index, (target, text, sources) in enumerate(body):
        texts = [f"{vector}.Create({operations.constants[int(s[1:])]!r})" if s[0] == "K" else variables[s] for s in sources]
        for source in dict.fromkeys(sources):
            if source[0] != "K" and last[source] == index:
                free.append(variables[source])
        if target is None:
            lines.append(text.format(*texts))
            continue
        if free:
            variable = free.pop()
        else:
            variable, count = f"v{count}", count + 1
        variables[target] = variable
        lines.append(f"{variable} = {text.format(*texts)};")
        if target not in last:
            free.append(variable)
    return lines, count


def source(layout):
    vector = f"Vector{layout.bits}"
    text = [
        "// <auto-generated>Generated by generator/fp_kernels.py; change it there.</auto-generated>",
        "using System.Runtime.CompilerServices;",
        "using System.Runtime.Intrinsics;",
        "using System.Runtime.Intrinsics.X86;",
        "",
        "namespace Meeda.Kzg.Fields.Kernels;",
        "",
        f"/// <summary>Arithmetic in the base field on {layout.lanes} lanes at once; s is scratch memory of 16 vectors. Representation and bounds: docs/kzg-bounds.md.</summary>",
        f"internal static unsafe class Fp{vector}",
        "{",
    ]
    for index, (name, kind, subtracted, formula) in enumerate(KERNELS):
        operations, names = build(kind, subtracted, layout)
        lines, count = statements(operations, layout)
        parameters = ["r", "a"] + (["b"] if kind == "multiply" else []) + names + ["s"]
        text += [""] if index else []
        text += [
            f"    /// <summary><c>{formula}</c> in every lane.</summary>",
            "    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]",
            f"    public static void {name}({', '.join('double* ' + p for p in parameters)})",
            "    {",
            f"        {vector}<double> {', '.join(f'v{i}' for i in range(count))};",
        ]
        text += ["        " + line for line in lines]
        text.append("    }")
    return "\n".join(text + ["}"]) + "\n"


if __name__ == "__main__":
    sys.stdout.write(source(LAYOUTS[int(sys.argv[1])]))
