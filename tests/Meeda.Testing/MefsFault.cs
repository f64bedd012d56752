namespace Meeda.Testing;

/// <summary>What a fake MEFS node does wrong at one call.</summary>
public enum MefsFault
{
    /// <summary>Answers with an error and does nothing.</summary>
    Refuse,

    /// <summary>Closes the connection before anything is done.</summary>
    Disconnect,

    /// <summary>Does what it was asked and closes the connection instead of answering.</summary>
    DoAndDisconnect,

    /// <summary>Does what it was asked, but only after <see cref="FakeMefsNode.Delay"/>.</summary>
    AnswerLate,

    /// <summary>Flips a bit of the content: stores it so, or gives it out so.</summary>
    Corrupt,

    /// <summary>Leaves out the content's last byte.</summary>
    Truncate,

    /// <summary>Answers with half of the JSON.</summary>
    CutAnswer,

    /// <summary>Answers with HTTP status 500 and a JSON-RPC protocol error.</summary>
    ServerError,

    /// <summary>Says yes and stores nothing.</summary>
    Lose,

    /// <summary>Stores the content twice over in one object.</summary>
    Duplicate,
}
