namespace Meeda.Hosting;

/// <summary>
/// Another operator holds the lease by now: what was about to be written is not, and nothing is sent.
/// </summary>
public sealed class LeaseLostException() : Exception("another operator leads by now");
