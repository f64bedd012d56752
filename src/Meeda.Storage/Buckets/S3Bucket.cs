using Amazon.S3;
using Amazon.S3.Model;

namespace Meeda.Storage.Buckets;

/// <summary>A bucket of an S3 server, created if it does not exist.</summary>
/// <param name="client">The server.</param>
/// <param name="bucket">The bucket's name.</param>
/// <param name="calls">Makes the calls.</param>
internal sealed class S3Bucket(IAmazonS3 client, string bucket, S3Calls calls)
{
    private volatile bool _isThere;

    /// <summary>
    /// Looks up the bucket once, and creates it if it does not exist. A put is no substitute for the lookup: after a
    /// put into an absent bucket, Ceph's gateway sometimes answers the connection's next request with 400.
    /// </summary>
    public async Task EnsureAsync(CancellationToken cancellationToken)
    {
        if (_isThere)
        {
            return;
        }

        bool isThere = await calls.AskAsync(
            "head of the bucket",
            "",
            async limit =>
                await client.HeadBucketAsync(new HeadBucketRequest { BucketName = bucket }, limit) is not null,
            absent: false,
            cancellationToken
        );
        if (!isThere)
        {
            await calls.AskAsync("create the bucket", "", CreateAsync, absent: false, cancellationToken);
        }

        _isThere = true;
    }

    /// <summary>Records whether a put found the bucket. If not, the bucket is looked up again.</summary>
    public void Note(bool isThere) => _isThere = isThere;

    private async Task<bool> CreateAsync(CancellationToken cancellationToken)
    {
        try
        {
            await client.PutBucketAsync(new PutBucketRequest { BucketName = bucket }, cancellationToken);
        }
        catch (AmazonS3Exception raced) when (raced.ErrorCode == "BucketAlreadyOwnedByYou")
        {
            // Another client with these credentials created it first.
        }

        return true;
    }
}
