using Amazon.Runtime;
using Amazon.Runtime.CredentialManagement;
using Amazon.S3;
using Meeda.Hosting;

namespace Meeda.Storage.Buckets;

/// <summary>Connects to S3 servers of any vendor, with the credentials in the operator's environment.</summary>
internal static class S3Client
{
    // From the first byte of a part to the first byte of the response; enough to upload a part at 140 kB/s.
    private static readonly TimeSpan AttemptLimit = TimeSpan.FromMinutes(1);

    /// <summary>Creates a client; the first call connects.</summary>
    /// <exception cref="SetupException">There are no credentials, or the SDK cannot read its files.</exception>
    public static AmazonS3Client Open(Uri endpoint, StorageOptions options)
    {
        AWSCredentials credentials = ReadCredentials(options.S3Profile, Environment.GetEnvironmentVariable);
        try
        {
            AmazonS3Config config = Configure(endpoint, options.S3Region);
            _ = config.DefaultConfigurationMode; // Reads the SDK's files now; otherwise the first call would.
            return new AmazonS3Client(credentials, config);
        }
        catch (Exception unusable)
            when (unusable
                    is AmazonClientException
                        or TypeInitializationException
                        or InvalidDataException
                        or IOException
                        or UnauthorizedAccessException
            )
        {
            // Without the inner exception: the SDK reads ~/.aws/config and ~/.aws/credentials wherever its credentials
            // come from, and quotes a line that it cannot parse.
            throw new SetupException(
                "S3: ~/.aws/config or ~/.aws/credentials (or AWS_CONFIG_FILE or AWS_SHARED_CREDENTIALS_FILE) "
                    + "cannot be read"
            );
        }
    }

    /// <summary>
    /// The settings that servers other than Amazon's need: the SDK's defaults put the bucket in the host name and add
    /// checksum trailers, which some servers reject and others store as content.
    /// </summary>
    public static AmazonS3Config Configure(Uri endpoint, string region) =>
        new()
        {
            ServiceURL = endpoint.ToString(),
            UseHttp = endpoint.Scheme == Uri.UriSchemeHttp,
            AuthenticationRegion = region,
            ForcePathStyle = true,
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
            RetryMode = RequestRetryMode.Standard,
            MaxErrorRetry = 3,
            Timeout = AttemptLimit,
            IgnoreConfiguredEndpointUrls = true,
            AllowAutoRedirect = false,
        };

    /// <summary>
    /// Reads the named profile's credentials; without a name AWS_ACCESS_KEY_ID and the related variables, and if they
    /// are not set the profile <c>default</c>.
    /// </summary>
    /// <param name="profile">The profile's name, or null.</param>
    /// <param name="variable">The value of an environment variable, or null.</param>
    /// <exception cref="SetupException">
    /// There are none, or they cannot be read. The message says where they were looked for and contains nothing of
    /// them.
    /// </exception>
    public static AWSCredentials ReadCredentials(string? profile, Func<string, string?> variable)
    {
        if (profile is null && variable("AWS_ACCESS_KEY_ID") is { Length: > 0 } key)
        {
            return variable("AWS_SECRET_ACCESS_KEY") is not { Length: > 0 } secret
                    ? throw new SetupException("S3: AWS_ACCESS_KEY_ID is set, AWS_SECRET_ACCESS_KEY is not")
                : variable("AWS_SESSION_TOKEN") is { Length: > 0 } token ? new SessionAWSCredentials(key, secret, token)
                : new BasicAWSCredentials(key, secret);
        }

        string path = variable("AWS_SHARED_CREDENTIALS_FILE") is { Length: > 0 } named
            ? named
            : SharedCredentialsFile.DefaultFilePath;
        if (!File.Exists(path))
        {
            throw new SetupException(
                profile is null
                    ? $"S3: no credentials: AWS_ACCESS_KEY_ID is not set, and the file {path} does not exist"
                    : $"S3 profile: '{profile}' cannot be read, {path} does not exist (Meeda__Storage__S3Profile)"
            );
        }

        string name = profile ?? SharedCredentialsFile.DefaultProfileName;
        try
        {
            File.OpenRead(path).Dispose(); // The SDK treats a file that it cannot open as empty.
            var file = new SharedCredentialsFile(path);
            return file.TryGetProfile(name, out CredentialProfile found) && found.CanCreateAWSCredentials
                ? found.GetAWSCredentials(file)
                : throw new SetupException(
                    $"S3 profile: {path} has no profile '{name}' with credentials (Meeda__Storage__S3Profile)"
                );
        }
        catch (Exception unusable)
            when (unusable
                    is AmazonClientException
                        or IOException
                        or InvalidDataException
                        or UnauthorizedAccessException
                        or ArgumentException
                        or InvalidOperationException
                        or FormatException
            )
        {
            // Without the inner exception, whose message may quote a line of the file.
            throw new SetupException(
                $"S3 profile: '{name}' cannot be read from {path}: {unusable.GetType().Name} "
                    + "(Meeda__Storage__S3Profile)"
            );
        }
    }
}
