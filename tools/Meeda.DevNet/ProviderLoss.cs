using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Meeda.Chain.Verification;
using Meeda.Storage;

namespace Meeda.DevNet;

/// <summary>
/// What <c>demo --lose</c> does to the default store: it deletes two providers' folders, twice, and looks whether the
/// operator minds.
/// </summary>
/// <param name="folder">The operator's data folder.</param>
internal sealed class ProviderLoss(string folder)
{
    private const int Rounds = 2;
    private static readonly TimeSpan RepairLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    /// <summary>Deletes and waits; one check for each read and each restoration.</summary>
    /// <param name="readsBack">Reads the batch and says whether it is the one posted.</param>
    /// <param name="cancellationToken">Stops between steps.</param>
    public async IAsyncEnumerable<Check> PlayAsync(
        Func<Task<bool>> readsBack,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        int[] order = [.. Enumerable.Range(0, StorageOptions.DefaultProviders)];
        RandomNumberGenerator.Shuffle(order.AsSpan());
        int rows = CountRows();
        for (int round = 0; round < Rounds; round++)
        {
            int[] lost = [.. order.Skip(2 * round).Take(2).Order()];
            foreach (int provider in lost)
            {
                Directory.Delete(PathOf(provider), recursive: true);
            }

            string names = $"{lost[0]} and {lost[1]}";
            yield return new(
                $"providers {names} are deleted, and the bytes read back are the bytes posted",
                await readsBack()
            );
            yield return new($"the scrub restored all {rows} rows", await RestoredAsync(rows, cancellationToken));
        }

        yield return new("the bytes read back at the end are the bytes posted", await readsBack());
    }

    private string PathOf(int provider) => new StorageOptions { Folder = folder }.Places[provider];

    private int CountRows() =>
        new StorageOptions { Folder = folder }
            .Places.Where(Directory.Exists)
            .Sum(place => Directory.EnumerateFiles(place, "*.row", SearchOption.AllDirectories).Count());

    private async Task<bool> RestoredAsync(int rows, CancellationToken cancellationToken)
    {
        for (TimeSpan waited = TimeSpan.Zero; waited < RepairLimit; waited += Look)
        {
            if (CountRows() == rows)
            {
                return true;
            }

            await Task.Delay(Look, TimeProvider.System, cancellationToken);
        }

        return false;
    }
}
