using System.Net;
using System.Security.Cryptography;
using Meeda.Chain.Contract;
using Meeda.Chain.Index;
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
internal sealed class AvailabilitySampling(
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

    // Consensus clients keep blobs for 4,096 epochs of 32 slots (MIN_EPOCHS_FOR_BLOB_SIDECARS_REQUESTS).
    private const ulong BlobRetention = 4096 * 32;

    // The maximum number of overdue demands of other accounts per round; the rest follows in the next one.
    private const int MaxAtOnce = 256;

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

    private async Task DemandAsync(
        Address operatorAddress,
        ulong position,
        AnchoredLeaf leaf,
        ulong head,
        CancellationToken cancellationToken
    )
    {
        string about = $"blob {position} withheld by {operatorAddress}";
        if (challenges.Account is not { } account)
        {
            logger.NoKey(about);
            return;
        }

        // The operator is answering an earlier demand, or the blob is on L1 already, where every verifier can read it.
        // A second demand would only cost.
        if (
            await ledger.WasDemandedAsync(
                operatorAddress,
                position,
                head > BlobRetention ? head - BlobRetention : 0,
                cancellationToken
            )
            || (await ledger.OpenDemandsAsync(account, cancellationToken)).Any(open => open.Operator == operatorAddress)
        )
        {
            return;
        }

        // A fifth more than the present minimum, because fees may rise until the demand is mined; what is not used
        // comes back.
        SystemParameters parameters = await system.ParametersAsync(cancellationToken);
        System.Numerics.BigInteger bond =
            await system.Publication.DemandBondAsync(parameters.DemandBond, cancellationToken) * 6 / 5;
        logger.Demanding(
            operatorAddress.ToString(),
            position,
            bond.ToString(System.Globalization.CultureInfo.InvariantCulture)
        );
        if (
            await challenges.SendAsync(
                system.Publication.Demand(operatorAddress, leaf, position, bond),
                about,
                cancellationToken
            )
        )
        {
            // The demand is mined, or reverted because another party was first. It is not sent again before the ledger
            // contains it.
            _withheld[(operatorAddress, position)] = 0;
        }
    }

    /// <summary>
    /// Follows this light node's own demands until they are published, or expired and paid out, and those that others
    /// leave lying: while one is open nobody can demand the blob, so an accomplice's would shield the operator. A
    /// window after the deadline the reward is the expirer's.
    /// </summary>
    private async Task FollowDemandsAsync(ulong head, CancellationToken cancellationToken)
    {
        if (challenges.Account is not { } account)
        {
            return;
        }

        ulong window = (await system.ParametersAsync(cancellationToken)).PublishWindow;
        IReadOnlyList<DemandEvent> lying =
            head > window
                ? await ledger.OverdueDemandsAsync(head - window, MaxAtOnce + _putOff.Count, cancellationToken)
                : [];
        foreach (
            DemandEvent demand in (await ledger.OpenDemandsAsync(account, cancellationToken))
                .Concat(lying)
                .DistinctBy(demand => demand.Id)
        )
        {
            await _putOff.TryAsync(
                demand.Operator,
                $"demand {demand.Id}",
                () => FollowAsync(demand, account, head, cancellationToken),
                cancellationToken
            );
        }
    }

    private async Task FollowAsync(DemandEvent demand, Address account, ulong head, CancellationToken cancellationToken)
    {
        DemandStatus status = await system.Publication.DemandStatusAsync(demand.Id, cancellationToken);
        if (
            demand.Demander != account
            && (
                status != DemandStatus.Open
                || (await system.Anchors.AccountAsync(demand.Operator, cancellationToken)).IsSlashed
            )
        )
        {
            // There is nothing to take, and the bond is another's.
            await ledger.CloseDemandAsync(demand.Id, cancellationToken);
            return;
        }

        if (
            status == DemandStatus.Open
            && head > demand.Deadline
            && await challenges.SendAsync(
                system.Publication.Expire(demand.Id),
                $"demand {demand.Id} that {demand.Operator} left unanswered",
                cancellationToken
            )
        )
        {
            status = await system.Publication.DemandStatusAsync(demand.Id, cancellationToken);
        }

        if (status == DemandStatus.Published)
        {
            logger.DemandAnswered(demand.Id, demand.Operator.ToString(), demand.Position);
            await ledger.CloseDemandAsync(demand.Id, cancellationToken);
        }
        else if (status == DemandStatus.Expired)
        {
            logger.DemandUnanswered(demand.Id, demand.Operator.ToString(), demand.Position);
            await ledger.CloseDemandAsync(demand.Id, cancellationToken);
        }
    }

    private static ulong RandomBelow(ulong count) =>
        (ulong)(BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8)) % (UInt128)count);
}
