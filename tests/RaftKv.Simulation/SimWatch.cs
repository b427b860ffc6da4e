using System.Text;
using RaftKv.Embedded;
using RaftKv.Embedded.Client;
using RaftKv.Embedded.Records;
using RaftKv.Embedded.Watch;
using RaftKv.Simulation.Invariants;

namespace RaftKv.Simulation;

/// <summary>
/// A watcher of some keys that moves between nodes: it goes on behind the last version that it has seen, and begins again with the current
/// state when the next change is not held any more. Everything that it is told is compared with the log.
/// </summary>
internal sealed class SimWatch(SimRandom chance, ChangeLog log, KeyInterval keys, long slowness)
{
    private Watcher? _watcher;
    private ReadView? _view;
    private ReadViewCursor? _cursor;
    private List<ReadViewRecord> _state = [];
    private WatchedValues _values;
    private int _life;
    private int _place;
    private bool _hasState;
    private bool _isInside;

    /// <summary>The first version not seen.</summary>
    private long _next = 1;

    public SimNode? Node { get; private set; }

    /// <summary>It reads once in this many steps of its node, on average.</summary>
    public long Slowness => slowness;

    public long Compared { get; private set; }

    public long Compactions { get; private set; }

    public bool IsOn(SimNode node) => Node == node && node.Life == _life;

    public void Attach(SimNode node)
    {
        // A version of which only a part was told is told again as a whole.
        if (_isInside)
            _place = 0;
        (Node, _life, _isInside) = (node, node.Life, false);
        var feed = node.Applier.Changes;
        var state = node.Applier.State;
        if (!_hasState)
        {
            // Between two steps the applier is between two entries.
            _view = feed.Views.Take(state.Store, state.Applied.Index);
            _cursor = new ReadViewCursor(_view, keys, [], keysOnly: false);
            _state = [];
            _next = _view.Version + 1;
        }
        _values = feed.History.KeepsPrevious ? WatchedValues.Previous : WatchedValues.Written;
        _watcher = feed.Watches.Add(keys, _values, (int)chance.Pick([0L, 300L, 10_000L]), _next);
    }

    public void Detach()
    {
        if (Node is { IsUp: true } node && node.Life == _life)
        {
            _watcher?.Dispose();
            _view?.Release();
        }
        (Node, _watcher, _view, _cursor) = (null, null, null, null);
    }

    /// <summary>False when it was told that what it needs is gone.</summary>
    public bool Read(long most)
    {
        try
        {
            while (_cursor is not null)
            {
                if (!ReadState() && most < long.MaxValue)
                    return true;
            }
            while (most-- > 0 && _watcher!.TryRead(out var change))
                Compare(change);
            return true;
        }
        catch (RaftKvCompactedException e)
        {
            OnCompacted(e);
            return false;
        }
    }

    public void CheckSeenAll()
    {
        _place = log.Next(_place, keys, _next);
        Check(_place == log.Count, () => $"the watcher has seen all that is told and misses {log[_place]}");
    }

    /// <summary>True when the state is complete.</summary>
    private bool ReadState()
    {
        var page = new List<ReadViewRecord>();
        var isMore = _cursor!.Next((int)chance.Between(1, 3), page);
        _state.AddRange(page);
        if (isMore)
            return false;
        var expected = log.StateAt(_view!.Version, keys);
        Check(expected.Count == _state.Count,
            () => $"the state at {_view.Version} has {expected.Count} keys and {_state.Count} were found");
        for (var i = 0; i < expected.Count; i++)
        {
            var (wanted, found) = (expected[i], _state[i]);
            Check(wanted.Key == Encoding.UTF8.GetString(found.Key) && wanted.Value.AsSpan().SequenceEqual(found.Value)
                && (found.Header.Version, found.Header.CreateVersion, found.Header.WriteCount) == (wanted.Version, wanted.CreateVersion, wanted.WriteCount),
                () => $"the state at {_view.Version} has {wanted}, and {found} was found");
        }
        _view.Release();
        (_view, _cursor, _hasState) = (null, null, true);
        return true;
    }

    private void Compare(in KvEvent told)
    {
        var (kind, key, version, value) = (told.Kind, told.Key, told.Version.Value, told.Value);
        _place = log.Next(_place, keys, _next);
        Check(_place < log.Count, () => $"{kind} {key} at {version} is told, and nothing is committed");
        var wanted = log[_place];
        Check(kind.ToString().StartsWith(wanted.Kind.ToString(), StringComparison.Ordinal) || (kind, wanted.Kind) == (KvEventKind.LeaseRevoked, KvChangeKind.Revoke),
            () => $"{kind} {key} at {version} is told instead of {wanted}");
        Check((wanted.Key, wanted.Version) == (key, version) && wanted.Value.AsSpan().SequenceEqual(value.Span), () => $"{kind} {key} at {version} is told instead of {wanted}");
        Check((wanted.CreateVersion, wanted.WriteCount) == (told.CreateVersion.Value, told.WriteCount), wanted.ToString);
        if (_values == WatchedValues.Previous)
            ComparePrevious(wanted, told.Previous);
        _place++;
        var after = log.Next(_place, keys, _next);
        Check(told.EndsVersion == (after == log.Count || log[after].Version != version), () => $"the end of version {version} is told wrongly at {key}");
        _next = told.EndsVersion ? version + 1 : version;
        _isInside = !told.EndsVersion;
        Compared++;
    }

    private void ComparePrevious(LoggedChange wanted, KvEntry? told) =>
        Check((told?.Version.Value ?? 0) == wanted.PreviousVersion
            && (told is not { } previous || (previous.Key == wanted.Key && previous.Value.Span.SequenceEqual(wanted.PreviousValue))),
            () => $"the previous entry of {wanted} is told as {told}");

    private void OnCompacted(RaftKvCompactedException e)
    {
        Compactions++;
        Check(!_isInside, () => $"a version is broken off: {e.Message}");
        Check(e.OldestVersion > e.Requested && e.Requested.Value >= (_view?.Version ?? _next), () => $"{_next} is needed: {e.Message}");
        Detach();
        (_hasState, _place) = (false, 0);
    }

    private void Check(bool holds, Func<string> otherwise)
    {
        if (!holds)
            throw new BrokenInvariantException("Watch completeness", $"{Node?.Id}: {otherwise()}");
    }
}
