using System.Runtime.CompilerServices;
using System.Text;
using System.Threading.Channels;
using RaftKv.Embedded;

namespace RaftKv.Contract.Tests.Fakes;

/// <summary>A store in a dictionary, with only the six methods that an implementation needs.</summary>
internal sealed class FakeKv : IDistributedKv
{
    private readonly SortedDictionary<string, KvGetResult> _keys = new(StringComparer.Ordinal);
    private readonly List<(KvKeyRange Range, KvWatchOptions Options, Channel<KvEvent> Events)> _watches = [];
    private long _version;

    /// <summary>The maximum number of entries of a page.</summary>
    public int PageEntries { get; init; } = 1000;

    /// <summary>The keys as they are stored, with the prefixes of views.</summary>
    public IReadOnlyCollection<string> Keys => _keys.Keys;

    public ValueTask<KvGetResult> GetAsync(string key, KvReadOptions options = default, CancellationToken cancellationToken = default) =>
        new(Read(key));

    public async ValueTask<KvWriteResult> SetAsync(string key, ReadOnlyMemory<byte> value, KvSetOptions options = default,
        CancellationToken cancellationToken = default)
    {
        var set = new KvTransaction().If(CompareOf(key, options.When));
        set.Then.Set(key, value, options with { When = default });
        var result = await CommitAsync(set, cancellationToken);
        return new KvWriteResult(result.Succeeded, result.Succeeded ? result.Version : Read(key).Version);
    }

    public async ValueTask<KvWriteResult> DeleteAsync(string key, KvDeleteOptions options = default,
        CancellationToken cancellationToken = default)
    {
        var delete = new KvTransaction().If(KvCompare.Exists(key), CompareOf(key, options.When));
        delete.Then.Delete(key);
        var result = await CommitAsync(delete, cancellationToken);
        return new KvWriteResult(result.Succeeded, result.Succeeded ? result.Version : Read(key).Version);
    }

    public ValueTask<KvTransactionResult> CommitAsync(KvTransaction transaction, CancellationToken cancellationToken = default)
    {
        var version = new KvVersion(++_version);
        var failed = transaction.Compares.Select((c, i) => (Compare: c, Index: i)).Where(c => !Holds(c.Compare))
            .Select(c => new KvFailedCompare { Index = c.Index, Key = c.Compare.Key }).FirstOrDefault();
        var holds = failed is null;
        var branch = holds ? transaction.Then : transaction.Else;
        var results = branch.Operations.Select(o => Apply(o, version) with { Kind = o.Kind, Key = o.Key }).ToList();
        return new(new KvTransactionResult { Succeeded = holds, Version = version, Results = results, FailedCompare = failed });
    }

    public ValueTask<KvScanPage> ScanPageAsync(KvKeyRange range, KvScanOptions options = default,
        CancellationToken cancellationToken = default)
    {
        var limit = Math.Min(options.Limit == 0 ? PageEntries : options.Limit, PageEntries);
        var sign = options.Descending ? -1 : 1;
        var found = (options.Descending ? _keys.Reverse() : _keys)
            .Where(k => Contains(range, k.Key)
                && (options.After is null || string.CompareOrdinal(k.Key, options.After) * sign > 0)).Take(limit + 1)
            .Select(k => EntryOf(k.Key, k.Value, options.KeysOnly)).ToList();
        var page = found.Take(limit).ToList();
        return new(new KvScanPage { Entries = page, Version = new(_version), Next = found.Count > limit ? page[^1].Key : null });
    }

    public async IAsyncEnumerable<KvEvent> WatchAsync(KvKeyRange range, KvWatchOptions options = default,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var events = Channel.CreateUnbounded<KvEvent>();
        if (options.InitialState)
        {
            foreach (var (key, value) in _keys.Where(k => Contains(range, k.Key)))
                events.Writer.TryWrite(new KvEvent { Key = key, Value = value.Value, Version = value.Version });
            var end = new KvEvent { Kind = KvEventKind.InitialStateEnd, Key = "", Version = new(_version), EndsVersion = true };
            events.Writer.TryWrite(end);
        }
        _watches.Add((range, options, events));
        await foreach (var change in events.Reader.ReadAllAsync(cancellationToken))
            yield return change;
    }

    private static KvCompare CompareOf(string key, KvCondition condition) => condition.Kind switch
    {
        KvConditionKind.Exists => KvCompare.Exists(key),
        KvConditionKind.NotExists => KvCompare.NotExists(key),
        KvConditionKind.VersionIs => KvCompare.Version(key, KvRelation.Equal, condition.Version),
        _ => KvCompare.WriteCount(key, KvRelation.Greater, -1),
    };

    private static bool Contains(KvKeyRange range, string key) => key.StartsWith(range.Prefix ?? "", StringComparison.Ordinal)
        && string.CompareOrdinal(key, range.From ?? "") >= 0 && (range.To is null || string.CompareOrdinal(key, range.To) < 0);

    private static KvEntry EntryOf(string key, KvGetResult value, bool keysOnly) =>
        new() { Key = key, Value = keysOnly ? default : value.Value, Version = value.Version };

    private KvGetResult Read(string key) => _keys.GetValueOrDefault(key) with { ReadAt = new(_version) };

    private bool Holds(KvCompare compare)
    {
        var keys = compare.Key is { } key ? [key] : _keys.Keys.Where(k => Contains(compare.Range, k)).DefaultIfEmpty("").ToArray();
        return keys.All(k => Holds(compare, Read(k)));
    }

    private static bool Holds(KvCompare compare, KvGetResult found)
    {
        var order = compare.Target switch
        {
            KvCompareTarget.Version => found.Version.Value.CompareTo(compare.Number),
            KvCompareTarget.CreateVersion => found.CreateVersion.Value.CompareTo(compare.Number),
            KvCompareTarget.WriteCount => found.WriteCount.CompareTo(compare.Number),
            KvCompareTarget.Lease => found.LeaseId.CompareTo(compare.Number),
            _ => found.Value.Span.SequenceCompareTo(compare.Bytes.Span),
        };
        var relation = compare.Relation switch
        {
            KvRelation.Equal => order == 0,
            KvRelation.NotEqual => order != 0,
            KvRelation.Less => order < 0,
            _ => order > 0,
        };
        return relation && (found.Found || compare.Target != KvCompareTarget.Value);
    }

    private KvOperationResult Apply(KvTransactionOperation operation, KvVersion version)
    {
        switch (operation.Kind)
        {
            case KvTransactionOperationKind.Set:
                Put(operation.Key!, operation.Value.ToArray(), operation.Options, version);
                return default;
            case KvTransactionOperationKind.Increment:
                var number = (Read(operation.Key!) is { Found: true } found ? long.Parse(found.Value.Span, null) : 0) + operation.Delta;
                Put(operation.Key!, Encoding.UTF8.GetBytes($"{number}"), default, version);
                return new() { Number = number };
            case KvTransactionOperationKind.Get:
                return new() { Read = Read(operation.Key!) };
            case KvTransactionOperationKind.Delete:
                return new() { Deleted = Remove(operation.Key!, version) ? 1 : 0 };
            default:
                return new() { Deleted = _keys.Keys.Where(k => Contains(operation.Range, k)).ToList().Count(k => Remove(k, version)) };
        }
    }

    private void Put(string key, byte[] value, KvSetOptions options, KvVersion version)
    {
        var before = Read(key);
        _keys[key] = new KvGetResult
        {
            Found = true,
            Value = value,
            Version = version,
            CreateVersion = before.Found ? before.CreateVersion : version,
            WriteCount = before.WriteCount + 1,
            ExpiresAt = options.ExpiresAt,
            SlidingExpiration = options.SlidingExpiration,
            LeaseId = options.LeaseId,
        };
        Tell(new KvEvent { Key = key, Value = value, Version = version, EndsVersion = true }, before);
    }

    private bool Remove(string key, KvVersion version)
    {
        if (!_keys.Remove(key, out var before))
            return false;
        Tell(new KvEvent { Kind = KvEventKind.Deleted, Key = key, Version = version, EndsVersion = true }, before);
        return true;
    }

    private void Tell(KvEvent change, KvGetResult before)
    {
        foreach (var (range, options, events) in _watches)
        {
            KvEntry? previous = options.PreviousValues && before.Found ? EntryOf(change.Key, before, keysOnly: false) : null;
            if (Contains(range, change.Key))
                events.Writer.TryWrite(change with { Previous = previous });
        }
    }
}
