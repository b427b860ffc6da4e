namespace RaftKv.Embedded.Watch;

/// <summary>
/// Reads the history once for all watchers and hands to each watcher the changes of its keys. It is scheduled once per applied batch, on
/// the pool, and never runs on the apply thread.
/// </summary>
internal sealed class WatchRouter : IThreadPoolWorkItem
{
    private readonly ChangeHistory _history;
    private readonly Action<IThreadPoolWorkItem> _schedule;
    private readonly Lock _gate = new();
    private readonly WatchIndex _index = new();
    private readonly List<Watcher> _found = [];
    private readonly List<Watcher> _touched = [];
    private byte[] _key = [];
    private Func<Exception>? _closed;
    private long _position;
    private long _routed;
    private int _count;
    private int _isScheduled;

    /// <param name="schedule">Schedules a run of the router; the default is the pool.</param>
    public WatchRouter(ChangeHistory history, Action<IThreadPoolWorkItem>? schedule = null)
    {
        _history = history;
        _schedule = schedule ?? (static router => ThreadPool.UnsafeQueueUserWorkItem(router, preferLocal: false));
    }

    /// <summary>How many watchers there are.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Apply thread, after a batch: schedules a run if there are watchers.</summary>
    public void Signal()
    {
        if (Count > 0 && Interlocked.Exchange(ref _isScheduled, 1) == 0)
            _schedule(this);
    }

    /// <summary>Any thread. Adds a watcher of every change from version <paramref name="from"/> on.</summary>
    /// <exception cref="Exception">The reason given to <see cref="End"/>, after it ended the watches for good.</exception>
    public Watcher Add(KeyInterval keys, WatchedValues values, int bufferBytes, long from)
    {
        lock (_gate)
        {
            if (_closed is { } why)
                throw why();
            if (_count == 0)
            {
                // The router did not follow the history without watchers. A new watcher reads the history up to here by itself.
                _routed = _history.Through;
                _position = _history.End;
            }
            var watcher = new Watcher(this, _history, keys, values, bufferBytes, from);
            _index.Add(watcher);
            Volatile.Write(ref _count, _index.Count);
            return watcher;
        }
    }

    public void Remove(Watcher watcher)
    {
        lock (_gate)
        {
            _index.Remove(watcher);
            Volatile.Write(ref _count, _index.Count);
        }
    }

    /// <summary>Ends every watch; with <paramref name="forGood"/> also those that begin later.</summary>
    public void End(Func<Exception> why, bool forGood)
    {
        lock (_gate)
        {
            if (forGood)
                _closed ??= why;
            foreach (var watcher in _index.All)
                watcher.End(why);
        }
    }

    /// <summary>
    /// Apply thread: the state was replaced. What the watches yielded from the old state may be wrong, so each of them has to read the
    /// state again.
    /// </summary>
    public void Compact(long next) => End(() => RaftKvCompactedException.OfWatch(next, next), forGood: false);

    /// <summary>
    /// From now on the router hands the changes from version <paramref name="next"/> on to a watcher that has read the history up to
    /// <paramref name="at"/>. <c>false</c> when the router is further already.
    /// </summary>
    public bool TryAttach(Watcher watcher, long at, long next)
    {
        lock (_gate)
        {
            if (at < _position)
                return false;
            watcher.Attach(next);
            return true;
        }
    }

    /// <summary>The version up to which <paramref name="watcher"/> has seen everything; <c>false</c> while changes wait for it.</summary>
    public bool TryGetProgress(Watcher watcher, out long version)
    {
        lock (_gate)
        {
            // A watch may begin at a version that this node has not applied yet.
            version = Math.Max(_routed, watcher.From - 1);
            return watcher.HasSeenAll;
        }
    }

    void IThreadPoolWorkItem.Execute()
    {
        try
        {
            Run();
        }
        catch (Exception e)
        {
            // An exception on the pool would end the host process.
            End(() => new RaftKvUnavailableException(RaftKvUnavailableReason.Faulted,
                $"The watches of this node have ended because of a defect: {e.Message} Please report it.", e), forGood: true);
        }
    }

    /// <summary>Routes all entries that have ended.</summary>
    private void Run()
    {
        Volatile.Write(ref _isScheduled, 0);
        Interlocked.MemoryBarrier();
        var through = _history.Through;
        var end = _history.End;
        while (true)
        {
            // The lock is released after each entry, so that watchers can be added and removed meanwhile.
            lock (_gate)
            {
                if (_position < end)
                {
                    RouteEntry(end);
                    continue;
                }
                _routed = Math.Max(_routed, through);
                return;
            }
        }
    }

    private void RouteEntry(long end)
    {
        var (at, version) = (_position, 0L);
        while (at < end)
        {
            var isThere = _history.TryReadHeader(at, out var header);
            if (isThere && version != 0 && header.Version != version)
                break;
            if (!isThere || !TryStage(at, header))
            {
                Lose();
                return;
            }
            version = header.Version;
            at += header.TotalBytes;
        }
        foreach (var watcher in _touched)
            watcher.Commit(version);
        _touched.Clear();
        (_position, _routed) = (at, version);
    }

    /// <summary><c>false</c> when the change was overwritten meanwhile.</summary>
    private bool TryStage(long at, in ChangeHeader header)
    {
        if (_key.Length < header.KeyBytes)
            _key = new byte[header.KeyBytes];
        var key = _key.AsSpan(0, header.KeyBytes);
        if (!_history.TryCopy(at, at + ChangeHeader.Bytes, key))
            return false;
        _found.Clear();
        _index.Find(key, _found);
        var values = WatchedValues.None;
        var kept = 0;
        for (var i = 0; i < _found.Count; i++)
        {
            var watcher = _found[i];
            if (!watcher.IsAttached || header.Version < watcher.From)
                continue;
            _found[kept++] = watcher;
            if (watcher.Values > values)
                values = watcher.Values;
        }
        if (kept == 0)
            return true;
        if (!_history.TryRead(at, header, key, values, out var change))
            return false;
        for (var i = 0; i < kept; i++)
        {
            if (_found[i].Stage(change))
                _touched.Add(_found[i]);
        }
        return true;
    }

    /// <summary>
    /// The history has dropped changes that were not routed: each watcher reads the history itself, and finds out whether a change is
    /// missing.
    /// </summary>
    private void Lose()
    {
        foreach (var watcher in _touched)
            watcher.Unstage();
        _touched.Clear();
        foreach (var watcher in _index.All)
        {
            if (watcher.IsAttached)
                watcher.FallBehind(_routed + 1);
        }
        _position = _history.Start;
    }
}
