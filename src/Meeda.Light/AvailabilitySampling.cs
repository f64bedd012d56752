using System.Net;
using System.Security.Cryptography;
using Meeda.Chain.Contract;
using Meeda.Chain.Verification;
using Meeda.Client;
using Meeda.Ethereum;
using Meeda.Kzg.Cells;
using Meeda.Kzg.Commitments;
using Meeda.Protocol.Anchors;

namespace Meeda.Light;

/// <summary>
/// Requests random cells of random live blobs from operators' HTTP APIs and verifies them against the anchored
/// commitments. The light node demands on L1 a blob that several consecutive samples did not get, one at a time of each
/// operator. The operator then publishes the blob, or is slashed for not publishing it.
/// </summary>
internal sealed partial class AvailabilitySampling(
    LightOptions options,
    LightLedger ledger,
    SystemContract system,
    ChallengeSender challenges,
    IHttpClientFactory http,
    TimeProvider time,
    ILogger<AvailabilitySampling> logger
)
{
    // Attempts, and the pause between them, while an operator answers 429.
    private const int MaxTries = 5;
    private static readonly TimeSpan BusyPause = TimeSpan.FromSeconds(1);

    // Consecutive failed samples of each blob. A restart resets the counts, which only delays a demand.
    private readonly Dictionary<(Address Operator, ulong Position), int> _withheld = [];
    private readonly Postponed _putOff = new(time, logger);
    private long? _lookedAt;

    /// <summary>Follows the open demands, and samples the operators if the interval is over.</summary>
    /// <param name="head">The last block in the ledger.</param>
    public async Task PollAsync(ulong head, CancellationToken cancellationToken)
    {
        await FollowDemandsAsync(head, cancellationToken);
        if (_lookedAt is { } last && time.GetElapsedTime(last) < options.SampleInterval)
        {
            return;
        }

        _lookedAt = time.GetTimestamp();
        foreach ((Address operatorAddress, Uri api) in options.Operators)
        {
            await _putOff.TryAsync(
                operatorAddress,
                "the blobs",
                () => SampleAsync(operatorAddress, api, head, cancellationToken),
                cancellationToken
            );
        }
    }

    private async Task SampleAsync(Address operatorAddress, Uri api, ulong head, CancellationToken cancellationToken)
    {
        var anchored = new AnchoredCommitments(ledger.Index, operatorAddress);
        Anchor[] live =
        [
            .. (await ledger.Index.AnchorsAsync(operatorAddress, cancellationToken)).Where(anchor =>
                anchor.Expiry > head
            ),
        ];
        if (live.Length == 0 || (await system.Anchors.AccountAsync(operatorAddress, cancellationToken)).IsSlashed)
        {
            return;
        }

        ulong[] positions = ChoosePositions(operatorAddress, live);
        IReadOnlyList<AnchoredLeaf> leaves = await anchored.LeavesAsync(positions, cancellationToken);
        int right = 0;
        foreach ((ulong position, AnchoredLeaf leaf) in positions.Zip(leaves))
        {
            if (await AskAsync(api, position, leaf, cancellationToken) is not { } failure)
            {
                right++;
                _withheld.Remove((operatorAddress, position));
                continue;
            }

            int failures = _withheld[(operatorAddress, position)] =
                _withheld.GetValueOrDefault((operatorAddress, position)) + 1;
            if (failures <= options.Patience)
            {
                logger.BlobWithheld(operatorAddress.ToString(), position, failure, failures);
            }

            if (failures >= options.Patience)
            {
                await DemandAsync(operatorAddress, position, leaf, head, cancellationToken);
            }
        }

        if (right > 0)
        {
            logger.SamplesRight(operatorAddress.ToString(), right);
        }
    }

    /// <summary>
    /// Chooses random live blobs, and the blobs that failed before: sampling those again distinguishes withholding from
    /// a temporary fault. Blobs that are no longer live are dropped.
    /// </summary>
    private ulong[] ChoosePositions(Address operatorAddress, Anchor[] live)
    {
        ulong[] suspects =
        [
            .. _withheld.Keys.Where(key => key.Operator == operatorAddress).Select(key => key.Position),
        ];
        foreach (
            ulong position in suspects.Where(position =>
                !Array.Exists(live, anchor => anchor.FirstBlob <= position && position < anchor.EndBlob)
            )
        )
        {
            _withheld.Remove((operatorAddress, position));
        }

        ulong first = live[0].FirstBlob;
        ulong count = live[^1].EndBlob - first;
        return
        [
            .. suspects
                .Where(position => position >= first)
                .Concat(Enumerable.Range(0, options.SamplesAtOnce).Select(_ => first + RandomBelow(count)))
                .Distinct(),
        ];
    }

    /// <summary>Requests one random cell of a blob.</summary>
    /// <returns>Null where the cell verifies; otherwise the failure, for the log.</returns>
    private async Task<string?> AskAsync(
        Uri api,
        ulong position,
        AnchoredLeaf leaf,
        CancellationToken cancellationToken
    )
    {
        int index = RandomNumberGenerator.GetInt32(Cell.CountPerBlob);
        try
        {
            if (!KzgCommitment.TryDecode(leaf.Commitment, out KzgCommitment commitment))
            {
                return "the anchored commitment is not a point of the group";
            }

            using HttpClient connection = http.CreateClient(nameof(AvailabilitySampling));
            connection.BaseAddress = new Uri(api.AbsoluteUri.TrimEnd('/') + "/");
            for (int tries = 1; ; tries++)
            {
                try
                {
                    await new MeedaClient(connection, new MeedaClientOptions { Retries = 0 }, time).CellAsync(
                        position,
                        new CellIndex((ulong)index),
                        commitment,
                        cancellationToken
                    );
                    return null;
                }
                catch (MeedaException busy) when (busy.Status == HttpStatusCode.TooManyRequests && tries < MaxTries)
                {
                    // An operator that is overloaded by other clients is not withholding.
                    await Task.Delay(BusyPause, time, cancellationToken);
                }
            }
        }
        catch (MeedaException failure)
        {
            return failure switch
            {
                { Error: MeedaError.NotVerified } =>
                    $"its answer for cell {index} does not verify against the anchored commitment",
                { Status: { } status } => $"it answers with status {(int)status}",
                _ => "it does not answer",
            };
        }
    }

    private static ulong RandomBelow(ulong count) =>
        (ulong)(BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8)) % (UInt128)count);
}
