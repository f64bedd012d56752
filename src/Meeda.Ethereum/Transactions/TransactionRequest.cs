using System.Numerics;

namespace Meeda.Ethereum.Transactions;

/// <summary>What a transaction should do; nonce, gas and fees are the sender's business.</summary>
/// <param name="To">Whom it calls; null makes a contract.</param>
/// <param name="Data">The calldata, or the creation bytecode with its arguments.</param>
/// <param name="Value">The wei that go with it.</param>
/// <param name="Blobs">The blobs that go with it (EIP-4844), or null; with blobs there must be somebody to call.</param>
public sealed record TransactionRequest(Address? To, byte[] Data, BigInteger Value = default, BlobSidecar? Blobs = null);
