using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.StateMachine;

/// <summary>Decides which commands may become entries. A command that is an entry is applied whatever its size.</summary>
internal sealed class RecordLimits(ClusterLimits limits)
{
    /// <summary>Nothing in a command of so many bytes can be too long.</summary>
    private readonly int _harmless = Math.Min(Math.Min(limits.MaxKeyBytes, limits.MaxValueBytes), limits.MaxTransactionBytes);

    public ClusterLimits Cluster => limits;

    public bool Allow(ReadOnlyMemory<byte> command)
    {
        // What cannot be read changes nothing on any node.
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
