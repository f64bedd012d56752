using System.Collections;
using Meeda.Ethereum;

namespace Meeda.Testing.Abi;

/// <summary>
/// Decoded values in their order, which can be asked for by name too: a struct, the outputs of a function, the
/// arguments of an event.
/// </summary>
/// <param name="names">The names, empty where the ABI gives none.</param>
/// <param name="values">
/// The values: <see cref="ulong"/> for <c>uint8</c> … <c>uint64</c>, <see cref="long"/> for <c>int8</c> … <c>int64</c>,
/// <see cref="System.Numerics.BigInteger"/> for longer integers, <see cref="bool"/>, <see cref="Address"/>,
/// <see cref="Bytes32"/> for
/// <c>bytes32</c>, <c>byte[]</c> for other bytes, <see cref="string"/>, <c>object[]</c> for arrays,
/// <see cref="AbiTuple"/> for structs.
/// </param>
public sealed class AbiTuple(IReadOnlyList<string> names, IReadOnlyList<object> values) : IReadOnlyList<object>
{
    /// <inheritdoc/>
    public int Count => values.Count;

    /// <inheritdoc/>
    public object this[int index] => values[index];

    /// <summary>The value of that name.</summary>
    /// <exception cref="KeyNotFoundException">There is none.</exception>
    public object this[string name] =>
        names.ToList().IndexOf(name) is >= 0 and var index
            ? values[index]
            : throw new KeyNotFoundException($"{name}: no value of that name; there are {string.Join(", ", names)}");

    /// <summary>
    /// The value of that name as a type of <see cref="AbiTuple(IReadOnlyList{string}, IReadOnlyList{object})"/>.
    /// </summary>
    /// <exception cref="KeyNotFoundException">There is none.</exception>
    /// <exception cref="InvalidCastException">It is of another type.</exception>
    public T Get<T>(string name) => (T)this[name];

    /// <inheritdoc/>
    public IEnumerator<object> GetEnumerator() => values.GetEnumerator();

    /// <inheritdoc/>
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
