using System.Buffers.Binary;
using System.Buffers.Text;
using System.Text;
using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.StateMachine;

/// <summary>
/// Computes the changes of a transaction without making them, so that every error is found before the first key changes. Reads see the
/// planned writes of the operations before them.
/// </summary>
/// <param name="store">The records.</param>
/// <param name="lookahead">Prefetches records of the same store.</param>
/// <param name="checkLease">Whether a key may be bound to a lease.</param>
internal sealed class TransactionPlan(IKvStore store, Lookahead lookahead, Func<long, ApplyStatus> checkLease)
{
    /// <summary>
    /// The most bytes of a number that <see cref="TransactionOperationKind.Increment"/> stores: those of the smallest i64, with its sign.
    /// </summary>
    public const int MaxNumberBytes = 20;

    private readonly List<PlannedWrite> _writes = [];
    private readonly List<TransactionKeys> _erased = [];
    private readonly List<byte[]> _keys = [];
    private readonly TransactionResult _result = new();
    private long _index;
    private long _nowMs;
    private KvLifetime _lifetimeOfIncrements;
    private int _rangeKeysLeft;

    /// <summary>The planned changes, each key at most once.</summary>
    public IReadOnlyList<PlannedWrite> Writes => _writes;

    /// <summary>The first condition that does not hold, its key only when it is about a range; <c>null</c> when all hold.</summary>
    public KvFailedCompare? FailedCompare { get; private set; }

    /// <summary>The encoded results of the operations.</summary>
    public byte[] Result => _result.ToArray();

    /// <summary>
    /// Plans a transaction. <see cref="ApplyStatus.Applied"/>: "then" is planned; <see cref="ApplyStatus.ConditionFailed"/>: "else" is
    /// planned; any other status: nothing is planned.
    /// </summary>
    /// <param name="command">The transaction.</param>
    /// <param name="index">The index of its entry.</param>
    /// <param name="nowMs">The log time.</param>
    /// <param name="lifetimeOfIncrements">The lifetime of an existing key after an increment.</param>
    /// <param name="at">The index of the operation that was refused; otherwise 0.</param>
    public ApplyStatus Make(TransactionCommand command, long index, long nowMs, KvLifetime lifetimeOfIncrements, out int at)
    {
        Clear();
        (_index, _nowMs, _lifetimeOfIncrements) = (index, nowMs, lifetimeOfIncrements);
        (_rangeKeysLeft, at) = (KvTransaction.MaxRangeKeys, 0);
        var verdict = ApplyStatus.Applied;
        // After a condition that does not hold, the others are not checked.
        for (var i = 0; i < command.If.Length && verdict == ApplyStatus.Applied; i++)
        {
            verdict = Check(command.If[i], out var failed);
            if (verdict == ApplyStatus.ConditionFailed)
                FailedCompare = new KvFailedCompare { Index = i, Key = failed is null ? null : Encoding.UTF8.GetString(failed) };
        }
        if (verdict == ApplyStatus.TooManyKeys)
            return verdict;
        var branch = verdict == ApplyStatus.Applied ? command.Then : command.Else;
        _result.Begin(branch.Length);
        Prefetch(branch);
        for (at = 0; at < branch.Length; at++)
        {
            var status = Plan(branch[at]);
            if (status != ApplyStatus.Applied)
            {
                Clear();
                return status;
            }
        }
        at = 0;
        return verdict;
    }

    public void Clear()
    {
        _writes.Clear();
        _erased.Clear();
        _keys.Clear();
        _result.Clear();
        FailedCompare = null;
    }

    private void Prefetch(TransactionOperation[] branch)
    {
        if (branch.Length < 2)
            return;
        foreach (ref readonly var operation in branch.AsSpan())
            lookahead.Add(operation.Keys.From.Span);
        lookahead.Fetch();
    }

    /// <param name="compare">The condition.</param>
    /// <param name="failed">Of a range, the first key for which it does not hold; <c>null</c> when there is none.</param>
    private ApplyStatus Check(in TransactionCompare compare, out byte[]? failed)
    {
        failed = null;
        if (!compare.Keys.IsRange)
            return Verdict(Holds(compare, compare.Keys.From.Span));
        if (!TryCollect(compare.Keys))
            return ApplyStatus.TooManyKeys;
        // A range without keys is compared like a key that does not exist.
        if (_keys.Count == 0)
            return Verdict(compare.Target != KvCompareTarget.Value && Holds(compare, default(RecordHeader)));
        foreach (var key in _keys)
        {
            if (Holds(compare, key))
                continue;
            failed = key;
            return ApplyStatus.ConditionFailed;
        }
        return ApplyStatus.Applied;
    }

    private static ApplyStatus Verdict(bool holds) => holds ? ApplyStatus.Applied : ApplyStatus.ConditionFailed;

    private bool Holds(in TransactionCompare compare, ReadOnlySpan<byte> key)
    {
        if (compare.Target != KvCompareTarget.Value)
        {
            store.TryGetHeader(key, out var header);
            return Holds(compare, header);
        }
        return store.TryRead(key, compare, static (in RecordHeader _, ReadOnlySpan<byte> value, TransactionCompare asked) =>
            Is(asked.Relation, value.SequenceCompareTo(asked.Operand.Span)), out var holds) && holds;
    }

    private static bool Holds(in TransactionCompare compare, in RecordHeader header)
    {
        var actual = compare.Target switch
        {
            KvCompareTarget.Version => header.Version,
            KvCompareTarget.CreateVersion => header.CreateVersion,
            KvCompareTarget.WriteCount => header.WriteCount,
            _ => header.LeaseId,
        };
        return Is(compare.Relation, actual.CompareTo(BinaryPrimitives.ReadInt64LittleEndian(compare.Operand.Span)));
    }

    private static bool Is(KvRelation relation, int order) => relation switch
    {
        KvRelation.Equal => order == 0,
        KvRelation.NotEqual => order != 0,
        KvRelation.Less => order < 0,
        _ => order > 0,
    };

    private ApplyStatus Plan(in TransactionOperation operation)
    {
        switch (operation.Kind)
        {
            case TransactionOperationKind.Put:
                Put(operation.Keys.From, operation.Body);
                _result.AddPut();
                return ApplyStatus.Applied;
            case TransactionOperationKind.PutWithLifetime:
                return PutWithLifetime(operation.Keys.From, operation.Body);
            case TransactionOperationKind.Delete:
                _result.AddDeleted(operation.Kind, TryErase(operation.Keys.From) ? 1 : 0);
                return ApplyStatus.Applied;
            case TransactionOperationKind.DeleteRange:
                return DeleteRange(operation);
            case TransactionOperationKind.Get:
                return Get(operation.Keys.From.Span);
            default:
                return Increment(operation.Keys.From, IncrementBody.Read(operation.Body.Span));
        }
    }

    private void Put(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value)
    {
        store.TryGetHeader(key.Span, out var before);
        _writes.Add(new PlannedWrite(key, before, before.NextAt(_index), value));
    }

    private ApplyStatus PutWithLifetime(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> body)
    {
        KvLifetime.TryRead(body.Span, out var lifetime);
        if (checkLease(lifetime.LeaseId) is var lease and not ApplyStatus.Applied)
            return lease;
        store.TryGetHeader(key.Span, out var before);
        _writes.Add(new PlannedWrite(key, before, lifetime.Give(before, before.NextAt(_index), _nowMs), body[KvLifetime.Bytes..]));
        _result.AddPut();
        return ApplyStatus.Applied;
    }

    private bool TryErase(ReadOnlyMemory<byte> key)
    {
        var found = store.TryGetHeader(key.Span, out var before);
        if (found)
            _writes.Add(new PlannedWrite(key, before, default, default));
        return found;
    }

    private ApplyStatus DeleteRange(in TransactionOperation operation)
    {
        if (!TryCollect(operation.Keys))
            return ApplyStatus.TooManyKeys;
        foreach (var key in _keys)
            TryErase(key);
        _erased.Add(operation.Keys);
        _result.AddDeleted(operation.Kind, _keys.Count);
        return ApplyStatus.Applied;
    }

    private ApplyStatus Get(ReadOnlySpan<byte> key)
    {
        if (TryFindPlanned(key, out var planned))
            _result.AddRead(planned.Erases ? null : planned.After, planned.Value.Span);
        else if (!store.TryRead(key, _result,
            static (in RecordHeader header, ReadOnlySpan<byte> value, TransactionResult to) => to.AddRead(header, value), out _))
        {
            _result.AddRead(null, default);
        }
        return _result.IsTooLarge ? ApplyStatus.ResultTooLarge : ApplyStatus.Applied;
    }

    private ApplyStatus Increment(ReadOnlyMemory<byte> key, in IncrementBody increment)
    {
        var (number, lifetime) = (increment.Initial, increment.Lifetime);
        if (store.TryRead(key.Span, 0,
            static (in RecordHeader head, ReadOnlySpan<byte> value, int _) => (Header: head, Number: Parse(value)), out var current))
        {
            if (current.Number is not { } found)
                return ApplyStatus.NotANumber;
            (number, lifetime) = (found, _lifetimeOfIncrements);
        }
        else if (checkLease(lifetime.LeaseId) is var lease and not ApplyStatus.Applied)
        {
            return lease;
        }
        var sum = unchecked(number + increment.Delta);
        if (((number ^ sum) & (increment.Delta ^ sum)) < 0)
            return ApplyStatus.Overflow;
        var text = new byte[MaxNumberBytes];
        Utf8Formatter.TryFormat(sum, text, out var length);
        var after = lifetime.Give(current.Header, current.Header.NextAt(_index), _nowMs);
        _writes.Add(new PlannedWrite(key, current.Header, after, text.AsMemory(0, length)));
        _result.AddNumber(sum);
        return ApplyStatus.Applied;
    }

    private static long? Parse(ReadOnlySpan<byte> value) =>
        Utf8Parser.TryParse(value, out long number, out var used) && used == value.Length ? number : null;

    /// <summary>
    /// Copies the keys of an interval to <see cref="_keys"/>; <c>false</c> when the ranges of the transaction have too many keys.
    /// </summary>
    private bool TryCollect(in TransactionKeys range)
    {
        _keys.Clear();
        if (range.IsEmpty)
            return true;
        var count = store.CopyKeys(range.From.Span, after: false, range.To.Span, _rangeKeysLeft + 1, _keys);
        _rangeKeysLeft -= count;
        return _rangeKeysLeft >= 0;
    }

    private bool TryFindPlanned(ReadOnlySpan<byte> key, out PlannedWrite planned)
    {
        planned = default;
        foreach (var range in _erased)
        {
            if (range.Contains(key))
                return true;
        }
        // A key is written at most once, so the first match is the planned write.
        foreach (var write in _writes)
        {
            if (write.Key.Span.SequenceEqual(key))
            {
                planned = write;
                return true;
            }
        }
        return false;
    }
}
