using System.Buffers.Binary;
using System.Numerics;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.StateMachine;

/// <summary>
/// The body of a transaction's command, little-endian:
/// <code>
/// compares u16 | operations of "then" u16 | of "else" u16 | compares | operations
/// compare     target u8 | relation u8 | keys | operand length u32 | operand (i64, or a value's bytes)
/// operation   kind u8 | keys | body length u32 | body (a put's value, behind its lifetime if it has one; an <see cref="IncrementBody"/>)
/// keys        0 u8 | length u16 | key,  or  1 u8 | length u16 | from | length u16 | to
/// </code>
/// A command that can be decoded is well formed: known kinds, legal keys, no key written twice by one branch.
/// </summary>
internal sealed class TransactionCommand
{
    private const int CountBytes = 3 * sizeof(ushort);

    /// <summary>The smallest operation: its kind, an empty key and the length of an empty body.</summary>
    private const int LeastItemBytes = 1 + 1 + sizeof(ushort) + sizeof(uint);

    public required TransactionCompare[] If { get; init; }

    public required TransactionOperation[] Then { get; init; }

    public required TransactionOperation[] Else { get; init; }

    /// <summary>Whether it has operations that members know only from <see cref="FeatureLevels.IncrementLifetimes"/> on.</summary>
    public bool IsExtended => Array.Exists(Then, IsOfExtension) || Array.Exists(Else, IsOfExtension);

    public long Bytes
    {
        get
        {
            long bytes = CountBytes;
            foreach (var compare in If)
                bytes += 2 + KeysBytes(compare.Keys) + sizeof(uint) + compare.Operand.Length;
            foreach (var operation in Then)
                bytes += 1 + KeysBytes(operation.Keys) + sizeof(uint) + operation.Body.Length;
            foreach (var operation in Else)
                bytes += 1 + KeysBytes(operation.Keys) + sizeof(uint) + operation.Body.Length;
            return bytes;
        }
    }

    /// <summary>Writes the body, which takes <see cref="Bytes"/>.</summary>
    public void Write(Span<byte> to)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(to, checked((ushort)If.Length));
        BinaryPrimitives.WriteUInt16LittleEndian(to[2..], checked((ushort)Then.Length));
        BinaryPrimitives.WriteUInt16LittleEndian(to[4..], checked((ushort)Else.Length));
        to = to[CountBytes..];
        foreach (var compare in If)
        {
            (to[0], to[1]) = ((byte)compare.Target, (byte)compare.Relation);
            to = WriteBody(WriteKeys(to[2..], compare.Keys), compare.Operand.Span);
        }
        foreach (var operation in Then)
            to = Write(to, operation);
        foreach (var operation in Else)
            to = Write(to, operation);
    }

    /// <summary>Reads a body in place. Never throws. The result depends only on the bytes, so it is the same on every node.</summary>
    /// <param name="from">The bytes behind the command's header.</param>
    /// <param name="extended">Whether it may be <see cref="IsExtended"/>.</param>
    /// <param name="command">The command; <c>null</c> if the bytes are malformed.</param>
    public static bool TryRead(ReadOnlyMemory<byte> from, bool extended, out TransactionCommand? command)
    {
        command = null;
        if (from.Length < CountBytes)
            return false;
        int compareCount = BinaryPrimitives.ReadUInt16LittleEndian(from.Span);
        int thenCount = BinaryPrimitives.ReadUInt16LittleEndian(from.Span[2..]);
        int elseCount = BinaryPrimitives.ReadUInt16LittleEndian(from.Span[4..]);
        from = from[CountBytes..];
        // Nothing is allocated for counts that the body cannot have.
        if (compareCount > KvTransaction.MaxOperations || thenCount > KvTransaction.MaxOperations || elseCount > KvTransaction.MaxOperations
            || (compareCount + thenCount + elseCount) * LeastItemBytes > from.Length)
            return false;
        var compares = new TransactionCompare[compareCount];
        var then = new TransactionOperation[thenCount];
        var otherwise = new TransactionOperation[elseCount];
        for (var i = 0; i < compares.Length; i++)
        {
            if (!TryReadCompare(ref from, out compares[i]))
                return false;
        }
        if (!TryReadOperations(ref from, then) || !TryReadOperations(ref from, otherwise) || !from.IsEmpty)
            return false;
        var read = new TransactionCommand { If = compares, Then = then, Else = otherwise };
        if (!extended && read.IsExtended)
            return false;
        command = read;
        return true;
    }

    /// <summary>The index of an operation of a branch that writes a key which an earlier operation writes; -1 if there is none.</summary>
    public static int FindKeyWrittenTwice(ReadOnlySpan<TransactionOperation> branch)
    {
        foreach (ref readonly var operation in branch)
        {
            if (operation.Keys.IsRange)
                return FindOverlap(branch);
        }
        // A hash table with open addressing, at most half full. Its values are the indexes of operations plus one; 0 is an empty slot. Keys
        // that are chosen to collide cost a few hundred comparisons each.
        var bits = BitOperations.Log2((uint)branch.Length + 1) + 2;
        Span<ushort> table = stackalloc ushort[1 << bits];
        table.Clear();
        for (var i = 0; i < branch.Length; i++)
        {
            if (!branch[i].Writes)
                continue;
            var key = branch[i].Keys.From.Span;
            var slot = (int)(RecordSum.Checksum(key) >> (32 - bits));
            for (; table[slot] != 0; slot = (slot + 1) & (table.Length - 1))
            {
                if (branch[table[slot] - 1].Keys.From.Span.SequenceEqual(key))
                    return i;
            }
            table[slot] = (ushort)(i + 1);
        }
        return -1;
    }

    private static int FindOverlap(ReadOnlySpan<TransactionOperation> branch)
    {
        var writes = new List<(TransactionKeys Keys, int At)>(branch.Length);
        for (var i = 0; i < branch.Length; i++)
        {
            if (branch[i].Writes && !branch[i].Keys.IsEmpty)
                writes.Add((branch[i].Keys, i));
        }
        writes.Sort(static (a, b) => a.Keys.From.Span.SequenceCompareTo(b.Keys.From.Span) is var order and not 0 ? order : a.At - b.At);
        // Sorted by their start, if any two overlap then two neighbours do.
        for (var i = 1; i < writes.Count; i++)
        {
            if (writes[i - 1].Keys.Overlaps(writes[i].Keys))
                return Math.Max(writes[i - 1].At, writes[i].At);
        }
        return -1;
    }

    private static bool TryReadOperations(ref ReadOnlyMemory<byte> from, TransactionOperation[] operations)
    {
        for (var i = 0; i < operations.Length; i++)
        {
            if (!TryReadOperation(ref from, out operations[i]))
                return false;
        }
        return FindKeyWrittenTwice(operations) < 0;
    }

    private static bool TryReadCompare(ref ReadOnlyMemory<byte> from, out TransactionCompare compare)
    {
        compare = default;
        if (from.Length < 2)
            return false;
        var (target, relation) = ((KvCompareTarget)from.Span[0], (KvRelation)from.Span[1]);
        from = from[2..];
        if (target is < KvCompareTarget.Version or > KvCompareTarget.Lease || relation is < KvRelation.Equal or > KvRelation.Greater
            || !TryReadKeys(ref from, out var keys) || !TryReadBody(ref from, out var operand)
            || (target != KvCompareTarget.Value && operand.Length != sizeof(long)))
        {
            return false;
        }
        compare = new TransactionCompare(target, relation, keys, operand);
        return true;
    }

    private static bool TryReadOperation(ref ReadOnlyMemory<byte> from, out TransactionOperation operation)
    {
        operation = default;
        if (from.IsEmpty)
            return false;
        var kind = (TransactionOperationKind)from.Span[0];
        from = from[1..];
        if (!TryReadKeys(ref from, out var keys) || !TryReadBody(ref from, out var body))
            return false;
        var isSound = kind switch
        {
            TransactionOperationKind.Put => !keys.IsRange,
            TransactionOperationKind.PutWithLifetime => !keys.IsRange && KvLifetime.TryRead(body.Span, out _),
            TransactionOperationKind.Delete or TransactionOperationKind.Get => !keys.IsRange && body.IsEmpty,
            TransactionOperationKind.DeleteRange => keys.IsRange && body.IsEmpty,
            TransactionOperationKind.Increment => !keys.IsRange && body.Length == IncrementBody.PlainBytes,
            TransactionOperationKind.IncrementWithOptions => !keys.IsRange && IncrementBody.IsSound(body.Span),
            _ => false,
        };
        operation = new TransactionOperation(kind, keys, body);
        return isSound;
    }

    private static bool TryReadKeys(ref ReadOnlyMemory<byte> from, out TransactionKeys keys)
    {
        keys = default;
        if (from.IsEmpty || from.Span[0] > 1)
            return false;
        var isRange = from.Span[0] == 1;
        from = from[1..];
        ReadOnlyMemory<byte> end = default;
        // The end of a range may be one byte longer than the longest key, to lie directly behind it.
        if (!TryReadKey(ref from, KvCommand.MaxKeyBytes, out var start)
            || (isRange && !TryReadKey(ref from, KvCommand.MaxKeyBytes + 1, out end)) || (!isRange && start.IsEmpty))
            return false;
        keys = new TransactionKeys(isRange, start, end);
        return true;
    }

    private static bool TryReadKey(ref ReadOnlyMemory<byte> from, int most, out ReadOnlyMemory<byte> key)
    {
        key = default;
        if (from.Length < sizeof(ushort))
            return false;
        int length = BinaryPrimitives.ReadUInt16LittleEndian(from.Span);
        from = from[sizeof(ushort)..];
        if (length > most || length > from.Length)
            return false;
        key = from[..length];
        from = from[length..];
        return true;
    }

    private static bool TryReadBody(ref ReadOnlyMemory<byte> from, out ReadOnlyMemory<byte> body)
    {
        body = default;
        if (from.Length < sizeof(uint))
            return false;
        var length = BinaryPrimitives.ReadUInt32LittleEndian(from.Span);
        from = from[sizeof(uint)..];
        if (length > from.Length)
            return false;
        body = from[..(int)length];
        from = from[(int)length..];
        return true;
    }

    private static bool IsOfExtension(TransactionOperation operation) => operation.Kind == TransactionOperationKind.IncrementWithOptions;

    private static int KeysBytes(in TransactionKeys keys) =>
        1 + sizeof(ushort) + keys.From.Length + (keys.IsRange ? sizeof(ushort) + keys.To.Length : 0);

    private static Span<byte> Write(Span<byte> to, TransactionOperation operation)
    {
        to[0] = (byte)operation.Kind;
        return WriteBody(WriteKeys(to[1..], operation.Keys), operation.Body.Span);
    }

    private static Span<byte> WriteKeys(Span<byte> to, TransactionKeys keys)
    {
        to[0] = keys.IsRange ? (byte)1 : (byte)0;
        to = WriteKey(to[1..], keys.From.Span);
        return keys.IsRange ? WriteKey(to, keys.To.Span) : to;
    }

    private static Span<byte> WriteKey(Span<byte> to, ReadOnlySpan<byte> key)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(to, checked((ushort)key.Length));
        key.CopyTo(to[sizeof(ushort)..]);
        return to[(sizeof(ushort) + key.Length)..];
    }

    private static Span<byte> WriteBody(Span<byte> to, ReadOnlySpan<byte> body)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(to, (uint)body.Length);
        body.CopyTo(to[sizeof(uint)..]);
        return to[(sizeof(uint) + body.Length)..];
    }
}
