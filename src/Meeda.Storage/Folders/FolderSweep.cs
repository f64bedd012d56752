namespace Meeda.Storage.Folders;

/// <summary>
/// Once the service listens, logs warnings about its providers and deletes the remains of interrupted writes in the
/// folders. Listing a disk with millions of rows takes minutes, so this runs in the background.
/// </summary>
internal sealed class FolderSweep(
    RowProviders providers,
    IHostApplicationLifetime host,
    TimeProvider time,
    ILogger<FolderSweep> logger
) : BackgroundService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var listens = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (host.ApplicationStarted.Register(listens.SetResult))
        {
            await listens.Task.WaitAsync(stoppingToken);
        }

        foreach (string store in providers.Unnamed)
        {
            logger.StoreUnknown(store);
        }

        // A thread for each, since a disk may be as slow as it likes, or hang; they end with the process.
        await Task.WhenAll(
                providers.Folders.Select(folder =>
                    Task.Factory.StartNew(
                        () => Sweep(folder),
                        stoppingToken,
                        TaskCreationOptions.LongRunning,
                        TaskScheduler.Default
                    )
                )
            )
            .WaitAsync(stoppingToken);
    }

    private void Sweep(FolderProvider folder)
    {
        try
        {
            int swept = folder.Sweep(time.GetUtcNow());
            if (swept > 0)
            {
                logger.StraysSwept(folder.Name, swept);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            logger.SweepFailed(folder.Name, failure.Message);
        }
    }
}
