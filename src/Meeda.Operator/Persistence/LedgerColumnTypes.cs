using Meeda.Ethereum;
using Meeda.Hosting.Persistence;
using Meeda.Protocol.Batches;

namespace Meeda.Operator.Persistence;

/// <summary>Stores hashes, addresses and batch ids as bytes.</summary>
internal static class LedgerColumnTypes
{
    /// <summary>Registers the types with Dapper.</summary>
    public static void Register()
    {
        ColumnTypes.Add((Address value) => value.ToArray(), (byte[] column) => Address.FromBytes(column));
        ColumnTypes.Add((Bytes32 value) => value.ToArray(), (byte[] column) => Bytes32.FromBytes(column));
        ColumnTypes.Add(
            (BatchId value) => value.Value.ToArray(),
            (byte[] column) => new BatchId(Bytes32.FromBytes(column))
        );
    }
}
