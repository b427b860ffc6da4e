using System.Buffers.Binary;

namespace RaftKv.Embedded.StateMachine;

/// <summary>
/// The replicated table of executed commands (Raft dissertation §6.3): a retry of a command gets the result of the first execution, and is
/// never executed again. The table depends on entries and log time only, so it is the same on every node.
/// </summary>
internal sealed class SessionTable
{
    public const int MaxSessions = 10_000;

    /// <summary>
    /// The most results for which all sessions together have room. A result takes 9 bytes, or 17 in a session with transactions;
    /// <see cref="ResultBudget"/> limits the results of transactions in addition.
    /// </summary>
    public const int MaxTotalCapacity = 4 * 1024 * 1024;

    /// <summary>Written in the place where the first format has its count.</summary>
    private const int FormatMark = -2;

    private readonly Dictionary<long, SessionWindow> _sessions = [];
    private readonly ResultBudget _budget = new();
    private SessionWindow? _latest;
    private int _totalCapacity;

    public int Count => _sessions.Count;

    /// <summary>
    /// Opens a session, and closes expired ones. While a limit is exceeded, closes the session that was not used for the longest time.
    /// </summary>
    public void Open(long id, long nowMs, uint timeToLiveSeconds)
    {
        foreach (var session in _sessions.Values)
        {
            if (session.IsExpired(nowMs))
                Close(session.Id);
        }
        while (_sessions.Count >= MaxSessions || (_sessions.Count > 0 && _totalCapacity + SessionWindow.MinCapacity > MaxTotalCapacity))
            Close(LongestUnused().Id);
        Add(new SessionWindow(_budget, id, nowMs, timeToLiveSeconds * 1000L));
    }

    public void Close(long id)
    {
        if (!_sessions.Remove(id, out var session))
            return;
        _totalCapacity -= session.Capacity;
        session.ForgetPayloads();
        if (_latest == session)
            _latest = null;
    }

    /// <summary>
    /// Decides whether a command is executed. Null: it is, and the caller must pass its result to <see cref="SessionWindow.Remember"/> of
    /// <paramref name="session"/>. Otherwise it is not, and the returned result is the answer.
    /// </summary>
    public ApplyResult? Admit(in KvCommand command, long nowMs, out SessionWindow? session)
    {
        var (id, sequence) = (command.Session, command.Sequence);
        session = Find(id, nowMs);
        if (session is null)
            return new ApplyResult(ApplyStatus.SessionExpired, id, sequence);
        session.Use(nowMs, command.AcknowledgedBelow);
        if (session.HasForgotten(sequence))
            return new ApplyResult(ApplyStatus.SessionExpired, id, sequence);
        if (!Reserve(session, sequence))
            return new ApplyResult(ApplyStatus.Malformed, id, sequence);
        var status = session.Find(sequence, out var version);
        return status == ApplyStatus.None ? null : new ApplyResult(status, id, sequence, version, Payload: session.FindPayload(sequence));
    }

    /// <summary>
    /// count i32 | the sessions by id. Only a table with results of transactions has -2 i32 before that, the mark of the second format: the
    /// first format has no such results.
    /// </summary>
    public byte[] Encode()
    {
        var sessions = _sessions.Values.OrderBy(s => s.Id).ToList();
        var markBytes = _budget.Bytes > 0 ? sizeof(int) : 0;
        var bytes = new byte[markBytes + sizeof(int) + sessions.Sum(s => s.EncodedBytes)];
        if (markBytes > 0)
            BinaryPrimitives.WriteInt32LittleEndian(bytes, FormatMark);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(markBytes), sessions.Count);
        var rest = bytes.AsSpan(markBytes + sizeof(int));
        foreach (var session in sessions)
            rest = session.Encode(rest);
        return bytes;
    }

    /// <exception cref="FormatException">The bytes are not a session table.</exception>
    public static SessionTable Decode(ReadOnlySpan<byte> bytes)
    {
        var count = ReadInt32(ref bytes);
        if (count == FormatMark)
            count = ReadInt32(ref bytes);
        if (count is < 0 or > MaxSessions)
            throw new FormatException("The session table has an impossible size.");
        var table = new SessionTable();
        var last = 0L;
        for (var i = 0; i < count; i++)
        {
            var session = SessionWindow.Decode(ref bytes, table._budget);
            if (session.Id <= last || table._totalCapacity + session.Capacity > MaxTotalCapacity)
                throw new FormatException("The session table is out of order or too large.");
            last = session.Id;
            table.Add(session);
        }
        if (!bytes.IsEmpty)
            throw new FormatException("The session table has bytes after its end.");
        return table;
    }

    private static int ReadInt32(ref ReadOnlySpan<byte> from)
    {
        if (from.Length < sizeof(int))
            throw new FormatException("The session table is cut off.");
        var value = BinaryPrimitives.ReadInt32LittleEndian(from);
        from = from[sizeof(int)..];
        return value;
    }

    private SessionWindow? Find(long id, long nowMs)
    {
        if (_latest?.Id != id && !_sessions.TryGetValue(id, out _latest))
            return null;
        if (!_latest!.IsExpired(nowMs))
            return _latest;
        Close(id);
        return null;
    }

    private bool Reserve(SessionWindow session, long sequence)
    {
        var needed = session.CapacityFor(sequence);
        if (needed == session.Capacity)
            return true;
        if (needed == 0 || _totalCapacity + needed - session.Capacity > MaxTotalCapacity)
            return false;
        _totalCapacity += needed - session.Capacity;
        session.Grow(needed);
        return true;
    }

    private void Add(SessionWindow session)
    {
        _sessions.Add(session.Id, session);
        _totalCapacity += session.Capacity;
    }

    private SessionWindow LongestUnused()
    {
        SessionWindow? longest = null;
        foreach (var session in _sessions.Values)
        {
            if (longest is null || session.LastUsedMs < longest.LastUsedMs
                || (session.LastUsedMs == longest.LastUsedMs && session.Id < longest.Id))
                longest = session;
        }
        return longest!;
    }
}
