namespace RaftKv.Embedded.StateMachine;

/// <summary>
/// What this node's store can hold. A command beyond it must not become an entry: every node with these limits would have to give up when it applies it, again after each
/// restart. Another node, configured otherwise, may send one all the same.
/// </summary>
internal sealed class RecordLimits(int maxKeyBytes, int maxValueBytes)
{
    /// <summary>Nothing in a command of so many bytes can be too long.</summary>
    private readonly int _harmless = Math.Min(maxKeyBytes, maxValueBytes);

    public bool Allow(ReadOnlyMemory<byte> command)
    {
        // What cannot be read changes nothing on any node.
        if (command.Length <= _harmless || !KvCommand.TryRead(command.Span, out var read))
            return true;
        if (read.Operation != KvOperation.Transaction)
            return read.Operation is not (KvOperation.Set or KvOperation.SetWithLifetime) || Allow(read.Key.Length, read.Value.Length);
        if (!TransactionCommand.TryRead(command[KvCommand.HeaderBytes..], out var transaction))
            return true;
        return Array.TrueForAll(transaction!.Then, Allow) && Array.TrueForAll(transaction.Else, Allow);
    }

    private bool Allow(TransactionOperation operation)
    {
        var valueBytes = operation.Kind switch
        {
            TransactionOperationKind.PutWithLifetime => operation.Body.Length - KvLifetime.Bytes,
            TransactionOperationKind.Increment => TransactionPlan.MaxNumberBytes,
            _ => operation.Body.Length,
        };
        return !operation.Writes || operation.Keys.IsRange || Allow(operation.Keys.From.Length, valueBytes);
    }

    private bool Allow(int keyBytes, int valueBytes) => keyBytes <= maxKeyBytes && valueBytes <= maxValueBytes;
}
