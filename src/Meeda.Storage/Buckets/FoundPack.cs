namespace Meeda.Storage.Buckets;

/// <summary>An object in a bucket, as the bucket lists it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Length">Its bytes.</param>
internal readonly record struct ListedObject(string Name, long Length);

/// <summary>An object of a bucket that the index does not know.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Length">Its bytes.</param>
/// <param name="Contents">What it says of itself; null where that cannot be used.</param>
/// <param name="Problem">Why not, in words; null where it can.</param>
internal sealed record FoundPack(string Name, long Length, PackContents? Contents, string? Problem);
