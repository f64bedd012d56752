using Meeda.Hosting;

namespace Meeda.Http;

/// <summary>
/// Reloads the certificate's files periodically, and warns before the certificate expires. It polls instead of
/// watching: secrets mounted into containers are updated by replacing links, which watchers miss.
/// </summary>
/// <param name="certificate">The certificate.</param>
/// <param name="time">The clock.</param>
/// <param name="log">The log.</param>
internal sealed class CertificateReload(
    ServerCertificate certificate,
    TimeProvider time,
    ILogger<CertificateReload> log
) : PeriodicService(Every, time)
{
    /// <summary>The interval between two reads of the files.</summary>
    public static readonly TimeSpan Every = TimeSpan.FromSeconds(10);

    /// <summary>How long before its end a certificate should have been renewed.</summary>
    public static readonly TimeSpan Notice = TimeSpan.FromDays(14);

    private string? _problem;
    private DateTimeOffset _nextWarning = DateTimeOffset.MinValue;

    /// <inheritdoc/>
    protected override Task RunOnceAsync(CancellationToken stoppingToken)
    {
        if (certificate.Reload())
        {
            log.CertificateLoaded(certificate.File, certificate.Expiry);
            _nextWarning = DateTimeOffset.MinValue;
        }

        DateTimeOffset now = Time.GetUtcNow();
        if (certificate.Expiry - now < Notice && now >= _nextWarning)
        {
            log.CertificateExpires(certificate.File, certificate.Expiry);
            _nextWarning = now.AddDays(1);
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    protected override void OnSucceeded() => _problem = null;

    /// <inheritdoc/>
    protected override void OnFailed(Exception failure)
    {
        // Once: between the writing of two files, they do not belong together.
        if (failure.Message != _problem)
        {
            _problem = failure.Message;
            log.CertificateUnusable(failure.Message);
        }
    }
}
