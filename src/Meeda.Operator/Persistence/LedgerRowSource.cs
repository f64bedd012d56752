using Meeda.Protocol.Batches;
using Meeda.Storage;

namespace Meeda.Operator.Persistence;

/// <summary>
/// The data rows of batches whose payloads the ledger holds: encoding them again yields exactly the rows that are
/// written to the providers.
/// </summary>
internal sealed class LedgerRowSource(Ledger ledger) : IRowSource
{
    /// <inheritdoc/>
    public string Name => "ledger";

    /// <inheritdoc/>
    public async Task<bool> ReadAsync(BatchId id, int row, Memory<byte> blob, CancellationToken cancellationToken)
    {
        byte[]? payload;
        try
        {
            payload = await ledger.FindPayloadAsync(id, cancellationToken);
        }
        catch (System.Data.Common.DbException failure)
        {
            throw new IOException($"the ledger does not answer: {failure.Message}", failure);
        }

        if (payload is null || row >= BlobEncoding.BlobCount(payload.Length))
        {
            return false;
        }

        BlobEncoding.EncodeBlob(payload, row, blob.Span);
        return true;
    }
}
