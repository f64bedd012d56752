namespace Meeda.Testing;

/// <summary>A fault of a fake MEFS node in one call.</summary>
public enum MefsFault
{
    /// <summary>Answers with an error and does nothing.</summary>
    Refuse,

    /// <summary>Closes the connection before anything is done.</summary>
    Disconnect,

    /// <summary>Executes the call and closes the connection instead of answering.</summary>
    DoAndDisconnect,

    /// <summary>Executes the call, but only after <see cref="FakeMefsNode.Delay"/>.</summary>
    AnswerLate,

    /// <summary>Flips a bit of the content that it stores or returns.</summary>
    Corrupt,

    /// <summary>Leaves out the content's last byte.</summary>
    Truncate,

    /// <summary>Answers with half of the JSON.</summary>
    CutAnswer,

    /// <summary>Answers with HTTP status 500 and a JSON-RPC protocol error.</summary>
    ServerError,

    /// <summary>Reports success and stores nothing.</summary>
    Lose,

    /// <summary>Stores the content twice over in one object.</summary>
    Duplicate,
}
