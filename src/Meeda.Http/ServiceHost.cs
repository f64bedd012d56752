using System.Net.Security;
using System.Security.Authentication;
using Meeda.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging.Console;

namespace Meeda.Http;

/// <summary>How every service of Meeda is hosted: by a builder that nothing but its own settings configures.</summary>
internal static class ServiceHost
{
    /// <summary>Starts a service whose address is free. Where it is not, nothing has been started.</summary>
    /// <exception cref="IOException">The address cannot be listened on.</exception>
    public static async Task StartAsync(WebApplication app, CancellationToken cancellationToken)
    {
        app.Services.GetRequiredService<ListenAddress>().CheckFree();
        await app.StartAsync(cancellationToken);
    }

    /// <summary>Routes that the document shows under a title.</summary>
    public static RouteGroupBuilder Under(WebApplication app, string title) => app.MapGroup("").WithTags(title);

    /// <summary>
    /// A host that nothing configures but this class: no files of the working folder, no variables of the framework,
    /// nothing that watches either.
    /// </summary>
    public static WebApplicationBuilder CreateBuilder(bool quiet)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(
            new WebApplicationOptions { ApplicationName = "meeda", EnvironmentName = Environments.Production }
        );
        builder.WebHost.UseKestrelCore();
        builder.Services.AddRouting().AddErrorResponses();
        AddLogging(builder.Logging, quiet);
        return builder;
    }

    /// <summary>Lets a service listen at a URL, within the limits of connections.</summary>
    /// <exception cref="SetupException">
    /// The URL is not one to listen on, or its certificate cannot be used.
    /// </exception>
    public static ConnectionLimits Listen(WebApplicationBuilder builder, string url, HttpOptions http)
    {
        ListenAddress address = Reaches(url);
        var connections = new ConnectionLimits(http, TimeProvider.System);
        builder.Services.AddSingleton(address);
        builder.Services.AddSingleton(connections);
        ServerCertificate? certificate = address.IsTls
            ? ServerCertificate.Open(http)
                ?? throw new SetupException($"--listen: {url} needs a certificate; set Meeda__Http__CertificateFile")
            : null;
        if (certificate is not null)
        {
            builder.Services.AddSingleton(certificate);
            builder.Services.AddHostedService(services => new CertificateReload(
                certificate,
                TimeProvider.System,
                services.GetRequiredService<ILogger<CertificateReload>>()
            ));
        }

        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            connections.Apply(kestrel); // before what it is for
            address.Bind(kestrel, endpoint => Speak(endpoint, certificate, http));
        });
        return connections;
    }

    /// <summary>
    /// HTTP/1.1, as without TLS: the limits of connections and of slow bodies count requests of one connection.
    /// </summary>
    private static void Speak(ListenOptions endpoint, ServerCertificate? certificate, HttpOptions http)
    {
        endpoint.Protocols = HttpProtocols.Http1;
        if (certificate is not null)
        {
            endpoint.UseHttps(
                new TlsHandshakeCallbackOptions
                {
                    HandshakeTimeout = http.HeadTimeout,
                    OnConnection = _ =>
                        ValueTask.FromResult(
                            new SslServerAuthenticationOptions
                            {
                                ServerCertificateContext = certificate.Current,
                                EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                            }
                        ),
                }
            );
        }
    }

    /// <summary>What a URL to listen on means.</summary>
    /// <exception cref="SetupException">It is not one to listen on.</exception>
    public static ListenAddress Reaches(string url) =>
        ListenAddress.TryParse(url, out ListenAddress? address, out string? problem)
            ? address
            : throw new SetupException($"--listen: {problem}");

    /// <summary>Adds a service that runs in the background and that others may ask for.</summary>
    public static IServiceCollection AddBackground<T>(this IServiceCollection services)
        where T : BackgroundService =>
        services.AddSingleton<T>().AddHostedService(provider => provider.GetRequiredService<T>());

    private static void AddLogging(ILoggingBuilder logging, bool quiet)
    {
        // A quiet service is part of a command whose result goes to standard output.
        logging.AddConsole(console => console.LogToStandardErrorThreshold = quiet ? LogLevel.Trace : LogLevel.None);
        logging.SetMinimumLevel(quiet ? LogLevel.Warning : LogLevel.Information);
        logging.AddFilter("Microsoft", LogLevel.Warning).AddFilter("System.Net.Http", LogLevel.Warning);

        // A line for each probe of a service that is not ready: the checks themselves log when it begins and ends.
        logging.AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None);

        // The reader of the log may fall behind or stop: it is better to drop lines, which the log reports, than to
        // block requests.
        logging.Services.Configure<ConsoleLoggerOptions>(console =>
            console.QueueFullMode = ConsoleLoggerQueueFullMode.DropWrite
        );
    }
}
