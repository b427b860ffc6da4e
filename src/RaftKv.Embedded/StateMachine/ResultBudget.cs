namespace RaftKv.Embedded.StateMachine;

/// <summary>
/// How much the results of transactions may take that are kept for retries, all sessions together. What does not fit is not kept: a retry
/// then learns that the transaction was executed, and which branch, but not what its operations gave.
/// </summary>
internal sealed class ResultBudget
{
    /// <summary>The largest result that is kept.</summary>
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
