namespace Meeda.Hosting;

/// <summary>
/// Another operator holds the lease by now: nothing was written, and nothing is sent.
/// </summary>
public sealed class LeaseLostException() : Exception("another operator leads by now");
