namespace RaftKv.Embedded;

/// <summary>What an error means for the caller's write.</summary>
public enum KvOutcome
{
    /// <summary>Nothing was written, and nothing will be: a retry is safe.</summary>
    NotApplied = 0,

    /// <summary>The write may have taken effect, or may still. Read before writing again, or make the retry conditional.</summary>
    Unknown = 1,
}
