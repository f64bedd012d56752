using System.Runtime.CompilerServices;
using Amazon.S3;
using Amazon.S3.Model;

namespace Meeda.Storage.Buckets;

/// <summary>Lists the objects below a prefix of a bucket of an S3 server.</summary>
/// <param name="client">The server.</param>
/// <param name="place">Bucket and prefix.</param>
/// <param name="calls">Makes the calls.</param>
internal sealed class S3Listing(IAmazonS3 client, S3Place place, S3Calls calls)
{
    /// <summary>Every object directly below the prefix, named without it, one page at a time.</summary>
    /// <exception cref="IOException">The server cannot list the objects now.</exception>
    public async IAsyncEnumerable<ListedObject> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? next = null;
        do
        {
            string? from = next;
            ListObjectsV2Response page = await calls.AskAsync(
                "list",
                "",
                limit =>
                    client.ListObjectsV2Async(
                        new ListObjectsV2Request
                        {
                            BucketName = place.Bucket,
                            Prefix = place.Prefix,
                            ContinuationToken = from,
                        },
                        limit
                    ),
                absent: new ListObjectsV2Response(),
                cancellationToken
            );
            foreach (S3Object found in page.S3Objects ?? [])
            {
                string name = found.Key[place.Prefix.Length..];
                if (!name.Contains('/', StringComparison.Ordinal))
                {
                    yield return new ListedObject(name, found.Size ?? 0);
                }
            }

            next = page.IsTruncated == true ? page.NextContinuationToken : null;
        } while (next is not null);
    }
}
