"""Lists of vector operations on doubles that hold integers, and the C# that carries them out: what the generators of the kernels share.

An element is a few signed limbs, each a double that holds an integer; limb i of all lanes lies in one vector. docs/kzg-bounds.md proves that every step is
exact, simulate.py runs the same lists of operations on exact rationals.

One column of a product is summed by fused multiply-adds alone. With limbs of radix 2^R, H starts at 1.5*2^(52+R), so H' = fma(a, b, H) is rounded to
multiples of 2^R; d = H - H' is exact, and so is L += fma(a, b, d), the part that the rounding cut off. H/2^R is the carry into the next column.
"""
import re
import struct
from fractions import Fraction

ROUND_TO_INTEGER = 1.5 * 2.0 ** 52
# Offset of L, cancelled by the 1.5*2^52 that H of the column below carries, seen in units of the radix.
LOW_OFFSET = -1.5 * 2.0 ** 52


class Field:
    """A prime field and the limbs that hold its elements."""

    def __init__(self, modulus, limbs, radix, top_low_offset):
        self.modulus = modulus
        self.limbs = limbs
        self.radix = radix
        self.high_start = 1.5 * 2.0 ** (52 + radix)
        self.carry = 2.0 ** -radix
        self.top_low_offset = top_low_offset
        # What top_low_offset adds is taken away with the constant that H of the top column is freed from.
        self.top_surplus = top_low_offset - LOW_OFFSET

    def balanced(self, value):
        """Limbs of a value, all but the top one of magnitude at most half the radix."""
        limbs = []
        for _ in range(self.limbs - 1):
            limb = value & ((1 << self.radix) - 1)
            if limb >= 1 << (self.radix - 1):
                limb -= 1 << self.radix
            limbs.append(limb)
            value = (value - limb) >> self.radix
        return limbs + [value]

    def centred(self, value):
        """The residue of least magnitude."""
        value %= self.modulus
        return value - self.modulus if value > self.modulus // 2 else value

    def fold(self, i):
        """What the limb above all limbs, and those that follow it, stand for."""
        return self.centred(1 << (self.radix * (self.limbs + i)))


class Layout:
    """How many columns are summed side by side: what a processor's registers allow without spilling."""

    def __init__(self, bits, early_group, late_group, first_early):
        self.bits = bits
        self.lanes = bits // 64
        # The columns from first_early up are summed and parked in scratch memory before the high half, early_group at a time.
        self.early_group = early_group
        self.late_group = late_group
        self.first_early = first_early


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


class Columns:
    """Columns of sums of products, each in two values H and L."""

    def __init__(self, operations, field):
        self.operations = operations
        self.field = field
        self.start = operations.constant(field.high_start)
        self.carry = operations.constant(field.carry)
        self.started = set()

    def _first_low(self, column):
        # Column 0 has no column below whose H would cancel an offset.
        offset = 0.0 if column == 0 else self.field.top_low_offset if column == self.field.limbs - 1 else LOW_OFFSET
        return self.operations.constant(self.field.high_start + offset)

    def accumulate(self, terms):
        """Adds the products of several columns, interleaved: terms maps a column to its pairs of factors."""
        o, started = self.operations, self.started
        for step in range(max(len(pairs) for pairs in terms.values())):
            group = [(c, *pairs[step]) for c, pairs in terms.items() if step < len(pairs)]
            for c, x, y in group:
                o.fma(f"N{c}", x, y, f"H{c}" if c in started else self.start)
            for c, x, y in group:
                o.subtract(f"D{c}", f"H{c}" if c in started else self._first_low(c), f"N{c}")
                o.move(f"H{c}", f"N{c}")
            for c, x, y in group:
                o.fma(f"D{c}" if c in started else f"L{c}", x, y, f"D{c}")
            for c, x, y in group:
                if c in started:
                    o.add(f"L{c}", f"L{c}", f"D{c}")
                started.add(c)


def groups(columns, size):
    return [columns[i:i + size] for i in range(0, len(columns), size)]


def carry_pass(o, field, values):
    """One parallel pass of carries over values that follow one another; the last one only takes."""
    start, carry = o.constant(field.high_start), o.constant(field.carry)
    names = [f"c{value[1:]}" for value in values]
    for value, name in zip(values[:-1], names):
        o.add(name, value, start)
    for name in names[:-1]:
        o.subtract(name, name, start)
    for value, name in zip(values[:-1], names):
        o.subtract(value, value, name)
    for value, name in zip(values[1:], names):
        o.fma(value, name, carry, value)


def quotient(o, field):
    """q, the quotient by the modulus of what m below and the high limbs t amount to, rounded to an integer."""
    limbs = field.limbs
    fractions = [float(Fraction(field.fold(i), field.modulus)) for i in range(limbs)]
    top = float(Fraction(1 << (field.radix * (limbs - 1)), field.modulus))
    if field.top_surplus:
        o.fma("q0", "m", o.constant(top), o.constant(-field.top_surplus * top))
    else:
        o.multiply("q0", "m", o.constant(top))
    o.multiply("q1", f"t{limbs}", o.constant(fractions[0]))
    for i in range(1, limbs):
        chain = f"q{1 - i % 2}"
        o.fma(chain, f"t{limbs + i}", o.constant(fractions[i]), chain)
    rounding = o.constant(ROUND_TO_INTEGER)
    o.add("q", "q0", "q1")
    o.add("q", "q", rounding)
    o.subtract("q", "q", rounding)


def fold_terms(o, field, column):
    """What the high limbs (times 2^(R*(limbs+i)) modulo the modulus) and q times the modulus, taken away, add to a low column."""
    limbs = [field.balanced(field.fold(i))[column] for i in range(field.limbs)]
    terms = [(f"t{field.limbs + i}", o.constant(float(limb))) for i, limb in enumerate(limbs) if limb != 0]
    return terms + [("q", o.constant(float(field.balanced(-field.modulus)[column])))]


def build(field, kind, subtracted, layout):
    """The operations of a product or square, less operands x and y, reduced."""
    o = Operations()
    limbs, top = field.limbs, field.limbs - 1
    start, carry = o.constant(field.high_start), o.constant(field.carry)
    sums = Columns(o, field)

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
        for i in range(max(0, column - top), min(limbs, column + 1)):
            j = column - i
            if kind == "multiply":
                pairs.append((f"a{i}", f"b{j}"))
            elif i < j:
                pairs.append((f"d{i}", f"a{j}"))
            elif i == j:
                pairs.append((f"a{i}", f"a{i}"))
        return pairs

    # 1. Low columns that are ready early, parked.
    load_inputs(limbs)
    for columns in groups(list(range(layout.first_early, limbs - 2)), layout.early_group):
        sums.accumulate({c: products(c) for c in columns})
        for c in columns:
            o.store("s", 2 * c, f"H{c}")
            o.store("s", 2 * c + 1, f"L{c}")

    # 2. The two top low columns, and from them the estimate m of everything below the high columns.
    sums.accumulate({c: products(c) for c in (limbs - 2, top)})
    o.fma("m", f"H{limbs - 2}", carry, f"L{top}")
    o.store("s", 2 * (limbs - 2), f"H{limbs - 2}")
    o.store("s", 2 * (limbs - 2) + 1, f"L{limbs - 2}")
    o.store("s", 2 * top + 1, f"L{top}")

    # 3. The high columns, made limbs by one parallel pass of carries.
    for columns in groups(list(range(limbs, 2 * limbs - 1)), layout.early_group):
        sums.accumulate({c: products(c) for c in columns})
        for c in columns:
            o.fma(f"t{c}", f"H{c - 1}", carry, f"L{c}")
    o.fma(f"t{2 * limbs - 1}", f"H{2 * limbs - 2}", carry, o.constant(LOW_OFFSET))
    o.move(f"H{top}", start)
    carry_pass(o, field, [f"t{c}" for c in range(limbs, 2 * limbs)])

    # 4. The quotient by p of what the folded columns will amount to, rounded to an integer.
    names = ["x", "y"][:subtracted]
    for name in names:
        o.load("e", name, top)
        o.subtract("m", "m", "e")
    quotient(o, field)

    # 5. The low columns with the high limbs folded in and the quotient times the modulus taken away.
    for columns in groups(list(range(limbs)), layout.late_group):
        if columns[0] < layout.first_early:
            load_inputs(layout.first_early)
        terms = {}
        for c in columns:
            terms[c] = products(c) if c < layout.first_early else []
            terms[c] = terms[c] + fold_terms(o, field, c)
        for c in columns:
            if c >= layout.first_early:
                if c != top:
                    o.load(f"H{c}", "s", 2 * c)
                o.load(f"L{c}", "s", 2 * c + 1)
        sums.accumulate(terms)
        for c in reversed(columns):
            if c > 0:
                o.fma(f"w{c}", f"H{c - 1}", carry, f"L{c}")
            else:
                o.move("w0", "L0")
    o.subtract("m", f"H{top}", o.constant(field.high_start + field.top_surplus))
    o.add(f"w{top}", f"w{top}", "m")
    for name in names:
        for c in range(limbs):
            o.load("e", name, c)
            o.subtract(f"w{c}", f"w{c}", "e")

    # 6. One more parallel pass of carries.
    carry_pass(o, field, [f"w{c}" for c in range(limbs)])
    for c in range(limbs):
        o.store("r", c, f"w{c}")
    return o, names


INSTRUCTIONS = {
    512: {"fma": "Avx512F.FusedMultiplyAdd", "add": "Avx512F.Add", "subtract": "Avx512F.Subtract", "multiply": "Avx512F.Multiply"},
    256: {"fma": "Fma.MultiplyAdd", "add": "Avx.Add", "subtract": "Avx.Subtract", "multiply": "Avx.Multiply"},
}


def statements(operations, layout, kept=()):
    """C# statements, the values renamed to as few variables as a linear scan needs, and the number of variables. Names that are kept outlive the list."""
    vector = f"Vector{layout.bits}"
    current, body, versions = {}, [], {}

    def use(name):
        return name if name in kept or re.fullmatch(r"K\d+", name) else current[name]

    def define(name):
        if name in kept:
            return name
        versions[name] = versions.get(name, 0) + 1
        current[name] = f"{name}_{versions[name]}"
        return current[name]

    for operation, *arguments in operations.list:
        if operation == "move" and arguments[0] in kept:
            body.append((arguments[0], "{}", [use(arguments[1])]))
        elif operation == "move":
            current[arguments[0]] = use(arguments[1])
        elif operation == "broadcast":
            body.append((define(arguments[0]), f"{vector}.Create({arguments[1]}[{arguments[2]}])", []))
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
    free, variables, lines, count = [], {name: name for name in kept}, [], 0
    for index, (target, text, sources) in enumerate(body):
        texts = [f"{vector}.Create({operations.constants[int(s[1:])]!r})" if s[0] == "K" else variables[s] for s in sources]
        for source in dict.fromkeys(sources):
            if source[0] != "K" and source not in kept and last[source] == index:
                free.append(variables[source])
        if target is None:
            lines.append(text.format(*texts))
            continue
        if target in kept:
            lines.append(f"{target} = {text.format(*texts)};")
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


def method(name, summary, operations, parameters, layout):
    """A C# method that carries the operations out."""
    lines, count = statements(operations, layout)
    return signature(name, summary, ["double* " + p for p in parameters]) + ["    {", declaration([f"v{i}" for i in range(count)], layout), *indented(lines, 2), "    }"]


def signature(name, summary, parameters):
    return [
        f"    /// <summary>{summary}</summary>",
        "    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]",
        f"    public static void {name}({', '.join(parameters)})",
    ]


def declaration(names, layout):
    return f"        Vector{layout.bits}<double> {', '.join(names)};"


def indented(lines, levels):
    return ["    " * levels + line for line in lines]


def file(script, name, summary, methods):
    """A C# file with one class."""
    text = [
        f"// <auto-generated>Generated by generator/{script}; change it there.</auto-generated>",
        "using System.Runtime.CompilerServices;",
        "using System.Runtime.Intrinsics;",
        "using System.Runtime.Intrinsics.X86;",
        "",
        "namespace Meeda.Kzg.Fields.Kernels;",
        "",
        f"/// <summary>{summary}</summary>",
        f"internal static unsafe class {name}",
        "{",
    ]
    for index, lines in enumerate(methods):
        text += [""] if index else []
        text += lines
    return "\n".join(text + ["}"]) + "\n"
