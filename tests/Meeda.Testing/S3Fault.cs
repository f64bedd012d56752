namespace Meeda.Testing;

/// <summary>What a fake S3 server does wrong at one call.</summary>
public enum S3Fault
{
    /// <summary>Says that it has too much to do (status 503).</summary>
    Refuse,

    /// <summary>Refuses, in no words that S3 has (status 404 with a page of HTML).</summary>
    WrongPage,

    /// <summary>Does what it was asked and closes the connection instead of answering.</summary>
    DoAndDisconnect,

    /// <summary>Does nothing and does not answer.</summary>
    Hang,

    /// <summary>Flips a bit of the content: stores it so, or gives it out so.</summary>
    Corrupt,

    /// <summary>Says yes and stores nothing.</summary>
    Lose,

    /// <summary>Announces all bytes and closes the connection before the last ones.</summary>
    BreakOff,

    /// <summary>Leaves out the last byte, in the headers too.</summary>
    Shorten,

    /// <summary>
    /// Leaves out the last byte, though the headers speak of all of them, in an answer that ends in good order.
    /// </summary>
    ShortenSilently,

    /// <summary>Gives out other bytes than those that were asked for, and says so in the headers.</summary>
    ShiftRange,

    /// <summary>Gives out the whole object instead of a range, with status 200.</summary>
    IgnoreRange,
}
