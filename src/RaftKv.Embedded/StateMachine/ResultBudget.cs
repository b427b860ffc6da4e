namespace RaftKv.Embedded.StateMachine;

/// <summary>
/// Limits the bytes of the results of transactions that are kept for retries, for all sessions together. A result that does not fit is not
/// kept: a retry then learns that the transaction was executed, and which branch, but not the results of its operations.
/// </summary>
internal sealed class ResultBudget
{
    /// <summary>The largest result that is kept, in bytes.</summary>
    public const int MaxResultBytes = 64 * 1024;

    public const int MaxBytes = 16 * 1024 * 1024;

    public int Bytes { get; private set; }

    public bool TryTake(int bytes)
    {
        if (bytes > MaxResultBytes || Bytes + bytes > MaxBytes)
            return false;
        Bytes += bytes;
        return true;
    }

    public void GiveBack(int bytes) => Bytes -= bytes;
}
