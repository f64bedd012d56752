namespace Meeda.Testing;

/// <summary>A fault of a fake S3 server in one call.</summary>
public enum S3Fault
{
    /// <summary>Reports overload (status 503).</summary>
    Refuse,

    /// <summary>Rejects the call with a response that is not S3's (status 404 with an HTML page).</summary>
    WrongPage,

    /// <summary>Executes the call and closes the connection instead of answering.</summary>
    DoAndDisconnect,

    /// <summary>Does nothing and does not answer.</summary>
    Hang,

    /// <summary>Flips a bit of the content that it stores or returns.</summary>
    Corrupt,

    /// <summary>Reports success and stores nothing.</summary>
    Lose,

    /// <summary>Announces all bytes and closes the connection before the last ones.</summary>
    BreakOff,

    /// <summary>Leaves out the last byte, in the headers too.</summary>
    Shorten,

    /// <summary>Leaves out the last byte of a well-formed response whose headers announce all bytes.</summary>
    ShortenSilently,

    /// <summary>Returns other bytes than requested, with matching headers.</summary>
    ShiftRange,

    /// <summary>Returns the whole object instead of a range, with status 200.</summary>
    IgnoreRange,
}
