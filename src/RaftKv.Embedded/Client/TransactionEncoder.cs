using System.Buffers.Binary;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Node;
using RaftKv.Embedded.StateMachine;

namespace RaftKv.Embedded.Client;

/// <summary>Encodes a transaction as a command, and refuses before anything is sent what every node would refuse.</summary>
internal readonly struct TransactionEncoder(ClusterLimits limits, long wallMs)
{
    public byte[] Encode(KvTransaction transaction)
    {
        CheckCount(transaction.Compares.Count, "conditions");
        CheckCount(transaction.Then.Count, "operations in Then");
        CheckCount(transaction.Else.Count, "operations in Else");
        var command = new TransactionCommand
        {
            If = [.. transaction.Compares.Select(Encode)],
            Then = Encode(transaction.Then, nameof(transaction.Then)),
            Else = Encode(transaction.Else, nameof(transaction.Else)),
        };
        if (command.Bytes > limits.MaxTransactionBytes)
            throw new RaftKvLimitExceededException(nameof(RaftKvOptions.MaxTransactionBytes), command.Bytes, limits.MaxTransactionBytes);
        return KvCommand.WriteTransaction(command);
    }

    private static void CheckCount(int count, string of)
    {
        if (count > KvTransaction.MaxOperations)
            throw Errors.TooManyOperations(count, of);
    }

    private TransactionCompare Encode(KvCompare compare)
    {
        if (!Enum.IsDefined(compare.Target) || !Enum.IsDefined(compare.Relation))
            throw new ArgumentException(
                "A condition of the transaction has a target or relation that does not exist. Make it with the methods of KvCompare. "
                + "Nothing was sent.");
        var operand = compare.Target == KvCompareTarget.Value ? compare.Bytes : Number(compare.Number);
        CheckValue(operand);
        return new TransactionCompare(compare.Target, compare.Relation, Keys(compare.Key, compare.Range), operand);
    }

    private TransactionOperation[] Encode(KvTransactionBranch branch, string name)
    {
        var operations = new TransactionOperation[branch.Count];
        for (var i = 0; i < operations.Length; i++)
        {
            var item = branch.Operations[i];
            CheckValue(item.Value);
            var kind = KindOf(item);
            operations[i] = new TransactionOperation(kind, Keys(item.Key, item.Range), Body(kind, item));
        }
        if (TransactionCommand.FindKeyWrittenTwice(operations) is var twice and >= 0)
            throw Errors.KeyWrittenTwice(branch.Operations[twice].Key, name);
        return operations;
    }

    private static TransactionOperationKind KindOf(in KvTransactionOperation operation) => operation.Kind switch
    {
        KvTransactionOperationKind.Set when operation.Options.IsWithoutLifetime => TransactionOperationKind.Put,
        KvTransactionOperationKind.Set => TransactionOperationKind.PutWithLifetime,
        KvTransactionOperationKind.Delete => TransactionOperationKind.Delete,
        KvTransactionOperationKind.DeleteRange => TransactionOperationKind.DeleteRange,
        KvTransactionOperationKind.Get => TransactionOperationKind.Get,
        _ when operation.IncrementOptions == default => TransactionOperationKind.Increment,
        _ => TransactionOperationKind.IncrementWithOptions,
    };

    private ReadOnlyMemory<byte> Body(TransactionOperationKind kind, in KvTransactionOperation operation)
    {
        switch (kind)
        {
            case TransactionOperationKind.Increment or TransactionOperationKind.IncrementWithOptions:
                var (initial, lifetime) = (operation.IncrementOptions.InitialValue, KvLifetime.Of(operation.IncrementOptions.Lifetime));
                return new IncrementBody(operation.Delta, initial, lifetime.Starting(wallMs)).Encode();
            case TransactionOperationKind.PutWithLifetime:
                var body = new byte[KvLifetime.Bytes + operation.Value.Length];
                KvLifetime.Of(operation.Options).Starting(wallMs).Write(body);
                operation.Value.Span.CopyTo(body.AsSpan(KvLifetime.Bytes));
                return body;
            default:
                return operation.Value;
        }
    }

    private TransactionKeys Keys(string? key, KvKeyRange range)
    {
        if (key is null)
        {
            var interval = KeyRanges.Interval(range, limits.MaxKeyBytes);
            return TransactionKeys.Range(interval.From, interval.To);
        }
        using var name = new KeyEncoding(key, limits.MaxKeyBytes, stackalloc byte[KeyEncoding.StackBytes]);
        return TransactionKeys.Key(name.Bytes.ToArray());
    }

    private void CheckValue(ReadOnlyMemory<byte> value)
    {
        if (value.Length > limits.MaxValueBytes)
            throw new RaftKvLimitExceededException(nameof(RaftKvOptions.MaxValueBytes), value.Length, limits.MaxValueBytes);
    }

    private static byte[] Number(long number)
    {
        var bytes = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        return bytes;
    }
}
