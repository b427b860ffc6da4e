using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.StateMachine;

/// <summary>Decides which commands may become entries of the log. A command that is in the log is applied whatever its size.</summary>
internal sealed class RecordLimits(ClusterLimits limits)
{
    /// <summary>A command of at most this many bytes cannot exceed a limit.</summary>
    private readonly int _harmless = Math.Min(Math.Min(limits.MaxKeyBytes, limits.MaxValueBytes), limits.MaxTransactionBytes);

    public ClusterLimits Cluster => limits;

    public bool Allow(ReadOnlyMemory<byte> command)
    {
        // A command that cannot be decoded changes nothing on any node.
        if (command.Length <= _harmless || !KvCommand.TryRead(command.Span, out var read))
            return true;
        if (!read.IsTransaction)
            return read.Operation is not (KvOperation.Set or KvOperation.SetWithLifetime) || Allow(read.Key.Length, read.Value.Length);
        if (command.Length - KvCommand.HeaderBytes > limits.MaxTransactionBytes)
            return false;
        if (!KvCommand.TryReadTransaction(command, out var transaction))
            return true;
        return Array.TrueForAll(transaction!.Then, Allow) && Array.TrueForAll(transaction.Else, Allow);
    }

    private bool Allow(TransactionOperation operation)
    {
        var valueBytes = operation.Kind switch
        {
            TransactionOperationKind.PutWithLifetime => operation.Body.Length - KvLifetime.Bytes,
            TransactionOperationKind.Increment or TransactionOperationKind.IncrementWithOptions => TransactionPlan.MaxNumberBytes,
            _ => operation.Body.Length,
        };
        return !operation.Writes || operation.Keys.IsRange || Allow(operation.Keys.From.Length, valueBytes);
    }

    private bool Allow(int keyBytes, int valueBytes) => keyBytes <= limits.MaxKeyBytes && valueBytes <= limits.MaxValueBytes;
}
