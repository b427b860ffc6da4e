namespace RaftKv.Embedded.Watch;

/// <summary>
/// One watch. While its consumer keeps up, the router hands it changes, up to a bound in bytes. When the bound is exceeded, the router
/// stops handing it changes, and the consumer reads the history itself, at its own pace, until it has caught up with the router.
/// </summary>
internal sealed class Watcher : IDisposable
{
    private readonly WatchRouter _router;
    private readonly HistoryReader _reader;
    private readonly int _bufferBytes;
    private readonly Lock _gate = new();
    private readonly Queue<(Change Change, bool EndsVersion)> _buffer = [];
    private readonly List<Change> _staged = [];
    private readonly ConsumerSignal _signal = new();
    private Func<Exception>? _ended;
    private int _buffered;
    private bool _wantsProgress;

    /// <summary>From this version on the consumer reads the history itself; 0 while the router hands it changes.</summary>
    private long _behind;

    /// <param name="from">The first version to yield.</param>
    public Watcher(WatchRouter router, ChangeHistory history, KeyInterval keys, WatchedValues values, int bufferBytes, long from)
    {
        (_router, Keys, Values, _bufferBytes) = (router, keys, values, bufferBytes);
        _reader = new HistoryReader(history, keys, values);
        From = _behind = from;
    }

    public KeyInterval Keys { get; }

    public WatchedValues Values { get; }

    /// <summary>Under the router's lock. The first version that the router hands over.</summary>
    public long From { get; private set; }

    /// <summary>Under the router's lock. Whether the router hands changes to this watcher.</summary>
    public bool IsAttached => _behind == 0;

    /// <summary>
    /// Under the router's lock. Adds a change of the entry that is being routed; <c>true</c> for the first change of the entry.
    /// </summary>
    public bool Stage(Change change)
    {
        _staged.Add(change);
        return _staged.Count == 1;
    }

    public void Unstage() => _staged.Clear();

    /// <summary>
    /// Under the router's lock. All changes of the entry are staged: buffers them for the consumer, or leaves them to the history when the
    /// buffer is full.
    /// </summary>
    public void Commit(long version)
    {
        var bytes = 0;
        foreach (var change in _staged)
            bytes += change.Bytes;
        lock (_gate)
        {
            if (_buffered + bytes > _bufferBytes)
            {
                Volatile.Write(ref _behind, version);
            }
            else
            {
                _buffered += bytes;
                for (var i = 0; i < _staged.Count; i++)
                    _buffer.Enqueue((_staged[i], i == _staged.Count - 1));
            }
            _signal.Set();
        }
        _staged.Clear();
    }

    /// <summary>
    /// Under the router's lock. The router does not know the changes from <paramref name="version"/> on: the consumer has to read the
    /// history.
    /// </summary>
    public void FallBehind(long version)
    {
        lock (_gate)
        {
            Volatile.Write(ref _behind, Math.Max(version, From));
            _signal.Set();
        }
    }

    /// <summary>
    /// Under the router's lock. The consumer has seen everything before <paramref name="next"/>: the router hands over what follows.
    /// </summary>
    public void Attach(long next)
    {
        From = next;
        Volatile.Write(ref _behind, 0);
    }

    /// <summary>Any thread. Ends the watch: there will be no more changes.</summary>
    public void End(Func<Exception> why)
    {
        lock (_gate)
        {
            _ended ??= why;
            _signal.Set();
        }
    }

    /// <summary>Any thread. Ends the consumer's current or next wait.</summary>
    public void Nudge()
    {
        lock (_gate)
        {
            _signal.Nudge();
        }
    }

    /// <summary>Any thread. Requests a progress event for the consumer.</summary>
    public void WantProgress()
    {
        Volatile.Write(ref _wantsProgress, true);
        Nudge();
    }

    /// <summary>Consumer. The version up to which it has seen everything; <c>true</c> once for each request.</summary>
    public bool TryTakeProgress(out long version)
    {
        version = 0;
        if (!Volatile.Read(ref _wantsProgress) || !_router.TryGetProgress(this, out version))
            return false;
        _wantsProgress = false;
        return true;
    }

    /// <summary>Removes the watch from the router.</summary>
    public void Dispose() => _router.Remove(this);

    /// <summary>Consumer. Throws the reason given to <see cref="End"/>, if the watch has ended.</summary>
    public void ThrowIfEnded()
    {
        if (Volatile.Read(ref _ended) is { } why)
            throw why();
    }

    /// <summary>
    /// Consumer. As <see cref="ThrowIfEnded"/>, if the history has more to read: a slow consumer must not first read all of it, because the
    /// stop of a host may wait for the consumer.
    /// </summary>
    public void ThrowIfEndedWhileBehind()
    {
        if (Volatile.Read(ref _behind) != 0)
            ThrowIfEnded();
    }

    /// <summary>Consumer. <c>false</c> when there are no more changes for now.</summary>
    /// <exception cref="RaftKvCompactedException">The history does not hold the next change any more.</exception>
    public bool TryRead(out KvEvent change)
    {
        while (true)
        {
            // In this order: all buffered changes come before those that the router left to the consumer.
            var behind = Volatile.Read(ref _behind);
            if (_reader.TryTake(out var item) || TryTakeBuffered(out item))
            {
                change = item.Change.ToEvent(Values, item.EndsVersion);
                return true;
            }
            if (behind == 0)
            {
                change = default;
                return false;
            }
            ReadHistory(behind);
        }
    }

    /// <summary>Consumer. Completes when there may be changes or progress to read, or the watch has ended.</summary>
    public ValueTask WaitAsync()
    {
        lock (_gate)
            return _signal.Wait(hasWork: _buffer.Count > 0 || _behind != 0 || _ended is not null);
    }

    /// <summary>Under the router's lock. Whether the consumer has read everything that the router handed over.</summary>
    public bool HasSeenAll
    {
        get
        {
            lock (_gate)
                return _behind == 0 && _buffer.Count == 0;
        }
    }

    private bool TryTakeBuffered(out (Change Change, bool EndsVersion) item)
    {
        lock (_gate)
        {
            if (!_buffer.TryDequeue(out item))
                return false;
            _buffered -= item.Change.Bytes;
            return true;
        }
    }

    /// <summary>Reads up to the next entry with a change of these keys, or up to the position where the router takes over.</summary>
    private void ReadHistory(long behind)
    {
        _reader.Begin(behind);
        while (!_reader.TryReadEntry())
        {
            if (!_router.TryAttach(this, _reader.Position, _reader.Next))
                continue;
            _reader.End();
            return;
        }
    }
}
