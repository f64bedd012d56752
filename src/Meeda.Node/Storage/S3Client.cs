using Amazon.Runtime;
using Amazon.Runtime.CredentialManagement;
using Amazon.S3;

namespace Meeda.Node.Storage;

/// <summary>Connections to S3 servers of any make, with the credentials that the operator's environment has for them.</summary>
internal static class S3Client
{
    // From the first byte of a part to the answer's first byte; at 140 kB/s a part is through.
    private static readonly TimeSpan AttemptLimit = TimeSpan.FromMinutes(1);

    /// <summary>Connects to nothing yet: the first call does.</summary>
    /// <exception cref="SetupException">There are no credentials.</exception>
    public static AmazonS3Client Open(Uri endpoint, StorageOptions options) => new(ReadCredentials(options.S3Profile), Configure(endpoint, options.S3Region));

    /// <summary>
    /// The settings that servers other than Amazon's need: the SDK's own defaults add checksum trailers, which some refuse and others store as content, and name the bucket in
    /// the host.
    /// </summary>
    public static AmazonS3Config Configure(Uri endpoint, string region) => new()
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
    };

    /// <summary>Those of a profile where one is named; otherwise AWS_ACCESS_KEY_ID and its kin, and where they are not set the profile <c>default</c>.</summary>
    private static AWSCredentials ReadCredentials(string? profile)
    {
        try
        {
            if (profile is null && Environment.GetEnvironmentVariable("AWS_ACCESS_KEY_ID") is { Length: > 0 })
            {
                return new EnvironmentVariablesAWSCredentials();
            }

            var file = new SharedCredentialsFile(Environment.GetEnvironmentVariable("AWS_SHARED_CREDENTIALS_FILE") ?? SharedCredentialsFile.DefaultFilePath);
            if (!File.Exists(file.FilePath))
            {
                throw new SetupException(profile is null
                    ? $"S3: no credentials: neither AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY nor the file {file.FilePath}"
                    : $"S3: the profile '{profile}' cannot be read: there is no file {file.FilePath} (Meeda__Storage__S3Profile)");
            }

            // The SDK takes a file that it may not open for an empty one.
            File.OpenRead(file.FilePath).Dispose();
            string name = profile ?? SharedCredentialsFile.DefaultProfileName;
            if (!file.TryGetProfile(name, out CredentialProfile found) || !found.CanCreateAWSCredentials)
            {
                throw new SetupException($"S3: the file {file.FilePath} has no profile '{name}' with credentials (Meeda__Storage__S3Profile)");
            }

            return found.GetAWSCredentials(file);
        }
        catch (Exception unusable) when (unusable is AmazonClientException or IOException or UnauthorizedAccessException or ArgumentException or InvalidOperationException or FormatException)
        {
            // Its own words may quote a line of the file.
            throw new SetupException(
                $"S3: the credentials{(profile is null ? "" : $" of the profile '{profile}'")} cannot be read: {unusable.GetType().Name} (Meeda__Storage__S3Profile, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY)");
        }
    }
}
