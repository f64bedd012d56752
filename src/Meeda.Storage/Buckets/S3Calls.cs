using System.Net;
using Amazon.Runtime;

namespace Meeda.Storage.Buckets;

/// <summary>Makes calls to an S3 server, with one time limit and one kind of failure.</summary>
/// <param name="place">The name of the place, for messages.</param>
/// <param name="longest">The maximum time that one call may take, the SDK's retries included.</param>
internal sealed class S3Calls(string place, TimeSpan longest)
{
    /// <summary>
    /// Makes one call within the limit. Every failure becomes an <see cref="IOException"/> that names the place; an
    /// absent object or bucket is not a failure.
    /// </summary>
    public async Task<T> AskAsync<T>(
        string what,
        string name,
        Func<CancellationToken, Task<T>> ask,
        T absent,
        CancellationToken cancellationToken
    )
    {
        string where = $"{place}: {what} {name}".TrimEnd();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(longest);
        try
        {
            return await ask(limit.Token);
        }
        catch (AmazonServiceException missing)
            when (missing.StatusCode == HttpStatusCode.NotFound
                && missing.ErrorCode is "NoSuchKey" or "NoSuchBucket" or "NotFound"
            )
        {
            return absent;
        }
        catch (AmazonServiceException beyond) when (beyond.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            return absent;
        }
        catch (AmazonServiceException refused)
        {
            // Without the response as inner exception: it may quote the signed request.
            string hint = refused.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden
                ? ": the credentials are invalid, or do not allow it"
                : "";
            throw new IOException($"{where}: status {(int)refused.StatusCode} {refused.ErrorCode}{hint}");
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (OperationCanceledException late)
        {
            throw new IOException($"{where}: no answer within {longest.TotalSeconds:0} s", late);
        }
        catch (Exception failure)
            when (failure is AmazonClientException or HttpRequestException or System.Xml.XmlException
                || (failure is IOException && !failure.Message.StartsWith(place, StringComparison.Ordinal))
            )
        {
            throw new IOException($"{where}: {failure.Message.TrimEnd('.')}", failure);
        }
    }
}
