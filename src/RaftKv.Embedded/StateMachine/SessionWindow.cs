using System.Buffers.Binary;

namespace RaftKv.Embedded.StateMachine;

/// <summary>One session: the results that its client has not acknowledged yet, in a ring indexed by sequence.</summary>
internal sealed class SessionWindow(ResultBudget budget, long id, long lastUsedMs, long timeToLiveMs,
    int capacity = SessionWindow.MinCapacity)
{
    public const int MinCapacity = 64;
    public const int MaxCapacity = 65_536;

    private const int HeaderBytes = 4 * sizeof(long) + sizeof(int) + sizeof(int);
    private const int ResultBytes = sizeof(int) + 1 + sizeof(long);
    private const byte PayloadFlag = 0x80;

    private long[] _versions = new long[capacity];
    private ApplyStatus[] _statuses = new ApplyStatus[capacity];

    /// <summary>The results of transactions; <c>null</c> in a session without them.</summary>
    private byte[]?[]? _payloads;
    private long _base = 1;

    public long Id { get; } = id;

    public long LastUsedMs { get; private set; } = lastUsedMs;

    public int Capacity => _versions.Length;

    /// <summary>Whether the time to live has passed without a command.</summary>
    public bool IsExpired(long nowMs) => nowMs - LastUsedMs > timeToLiveMs;

    public void Use(long nowMs, long acknowledgedBelow)
    {
        LastUsedMs = nowMs;
        if (acknowledgedBelow <= _base)
            return;
        if (acknowledgedBelow - _base >= Capacity)
        {
            Array.Clear(_statuses);
            ForgetPayloads();
        }
        else
        {
            for (var sequence = _base; sequence < acknowledgedBelow; sequence++)
            {
                _statuses[Slot(sequence)] = ApplyStatus.None;
                if (_payloads is not null)
                    ForgetPayload(Slot(sequence));
            }
        }
        _base = acknowledgedBelow;
    }

    /// <summary>Drops all payloads, and returns their bytes to the budget.</summary>
    public void ForgetPayloads()
    {
        for (var slot = 0; slot < _payloads?.Length; slot++)
            ForgetPayload(slot);
    }

    /// <summary>Whether the result of <paramref name="sequence"/> was acknowledged: a correct client does not request it again.</summary>
    public bool HasForgotten(long sequence) => sequence < _base;

    /// <summary>The capacity that <paramref name="sequence"/> needs; 0 when it is further ahead than any window reaches.</summary>
    public int CapacityFor(long sequence)
    {
        var distance = sequence - _base;
        if (distance >= MaxCapacity)
            return 0;
        var needed = Capacity;
        while (needed <= distance)
            needed *= 2;
        return needed;
    }

    public void Grow(int capacity)
    {
        var (versions, statuses, payloads, old) = (_versions, _statuses, _payloads, Capacity);
        _versions = new long[capacity];
        _statuses = new ApplyStatus[capacity];
        _payloads = payloads is null ? null : new byte[capacity][];
        for (var sequence = _base; sequence < _base + old; sequence++)
        {
            _versions[Slot(sequence)] = versions[(int)(sequence & (old - 1))];
            _statuses[Slot(sequence)] = statuses[(int)(sequence & (old - 1))];
            if (_payloads is not null)
                _payloads[Slot(sequence)] = payloads![(int)(sequence & (old - 1))];
        }
    }

    /// <summary>
    /// The result of an earlier execution of <paramref name="sequence"/>; <see cref="ApplyStatus.None"/> if there was none.
    /// </summary>
    public ApplyStatus Find(long sequence, out long version)
    {
        version = _versions[Slot(sequence)];
        return _statuses[Slot(sequence)];
    }

    public byte[]? FindPayload(long sequence) => _payloads?[Slot(sequence)];

    public void Remember(long sequence, ApplyStatus status, long version)
    {
        _versions[Slot(sequence)] = version;
        _statuses[Slot(sequence)] = status;
    }

    /// <summary>Keeps the payload of a result, if there is room for it; the same on every node.</summary>
    public void RememberPayload(long sequence, byte[] payload)
    {
        if (!budget.TryTake(payload.Length))
            return;
        _payloads ??= new byte[Capacity][];
        _payloads[Slot(sequence)] = payload;
    }

    public int EncodedBytes
    {
        get
        {
            var bytes = HeaderBytes + ResultBytes * (Capacity - _statuses.AsSpan().Count(ApplyStatus.None));
            for (var slot = 0; slot < _payloads?.Length; slot++)
                bytes += _payloads[slot] is { } payload ? sizeof(int) + payload.Length : 0;
            return bytes;
        }
    }

    /// <summary>
    /// id | last used | time to live | base, i64 each | capacity i32 | count i32 | per result: offset i32, status u8, version i64, and if
    /// the status has <see cref="PayloadFlag"/>: length i32, payload.
    /// </summary>
    public Span<byte> Encode(Span<byte> to)
    {
        BinaryPrimitives.WriteInt64LittleEndian(to, Id);
        BinaryPrimitives.WriteInt64LittleEndian(to[8..], LastUsedMs);
        BinaryPrimitives.WriteInt64LittleEndian(to[16..], timeToLiveMs);
        BinaryPrimitives.WriteInt64LittleEndian(to[24..], _base);
        BinaryPrimitives.WriteInt32LittleEndian(to[32..], Capacity);
        BinaryPrimitives.WriteInt32LittleEndian(to[36..], Capacity - _statuses.AsSpan().Count(ApplyStatus.None));
        to = to[HeaderBytes..];
        for (var offset = 0; offset < Capacity; offset++)
        {
            var status = Find(_base + offset, out var version);
            if (status == ApplyStatus.None)
                continue;
            BinaryPrimitives.WriteInt32LittleEndian(to, offset);
            to[4] = (byte)status;
            BinaryPrimitives.WriteInt64LittleEndian(to[5..], version);
            if (FindPayload(_base + offset) is { } payload)
            {
                to[4] |= PayloadFlag;
                BinaryPrimitives.WriteInt32LittleEndian(to[ResultBytes..], payload.Length);
                payload.CopyTo(to[(ResultBytes + sizeof(int))..]);
                to = to[(sizeof(int) + payload.Length)..];
            }
            to = to[ResultBytes..];
        }
        return to;
    }

    /// <exception cref="FormatException">The bytes are not a session.</exception>
    public static SessionWindow Decode(ref ReadOnlySpan<byte> from, ResultBudget budget)
    {
        if (from.Length < HeaderBytes)
            throw new FormatException("A session is cut off.");
        var capacity = BinaryPrimitives.ReadInt32LittleEndian(from[32..]);
        var count = BinaryPrimitives.ReadInt32LittleEndian(from[36..]);
        if (capacity is < MinCapacity or > MaxCapacity || !int.IsPow2(capacity) || count < 0 || count > capacity)
            throw new FormatException("A session's window has an impossible size.");
        var session = new SessionWindow(
            budget,
            BinaryPrimitives.ReadInt64LittleEndian(from),
            BinaryPrimitives.ReadInt64LittleEndian(from[8..]),
            BinaryPrimitives.ReadInt64LittleEndian(from[16..]),
            capacity) { _base = BinaryPrimitives.ReadInt64LittleEndian(from[24..]) };
        from = from[HeaderBytes..];
        for (var i = 0; i < count; i++)
            session.DecodeResult(ref from);
        return session;
    }

    private void DecodeResult(ref ReadOnlySpan<byte> from)
    {
        if (from.Length < ResultBytes)
            throw new FormatException("A session is cut off.");
        var offset = BinaryPrimitives.ReadInt32LittleEndian(from);
        var status = (ApplyStatus)(from[4] & ~PayloadFlag);
        var hasPayload = (from[4] & PayloadFlag) != 0;
        if (offset < 0 || offset >= Capacity || status is ApplyStatus.None || !Enum.IsDefined(status))
            throw new FormatException("A session has an impossible result.");
        Remember(_base + offset, status, BinaryPrimitives.ReadInt64LittleEndian(from[5..]));
        from = from[ResultBytes..];
        if (!hasPayload)
            return;
        var length = from.Length < sizeof(int) ? -1 : BinaryPrimitives.ReadInt32LittleEndian(from);
        if (length < 0 || length > from.Length - sizeof(int))
            throw new FormatException("A session is cut off.");
        RememberPayload(_base + offset, from.Slice(sizeof(int), length).ToArray());
        if (FindPayload(_base + offset) is null)
            throw new FormatException("The results of the sessions are too large.");
        from = from[(sizeof(int) + length)..];
    }

    private void ForgetPayload(int slot)
    {
        if (_payloads![slot] is not { } payload)
            return;
        _payloads[slot] = null;
        budget.GiveBack(payload.Length);
    }

    private int Slot(long sequence) => (int)(sequence & (_versions.Length - 1));
}
