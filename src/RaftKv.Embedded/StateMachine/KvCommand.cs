using System.Buffers.Binary;
using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.StateMachine;

/// <summary>
/// A command as it is encoded in the log, little-endian:
/// <code>
/// version u8 = 1 | operation u8 | session i64 | sequence i64 | acknowledged below i64 | body
/// open session   nonce 16 bytes | time to live u32, seconds
/// close session  nothing
/// set            condition u8 | version i64 | key length u16 | key | value, to the end
/// delete         condition u8 | version i64 | key, to the end
/// transaction, extended transaction  a <see cref="TransactionCommand"/>, to the end
/// expire, touch  an <see cref="ExpireCommand"/>, to the end; of no session
/// grant lease    time to live i64, milliseconds
/// renew, revoke  lease i64
/// set with lifetime  a <see cref="KvLifetime"/> | as set
/// </code>
/// The caller's thread encodes the body once; session and sequence are filled in later by the thread that assigns them.
/// </summary>
internal readonly ref struct KvCommand
{
    public const byte FormatVersion = 1;

    public const int HeaderBytes = 26;

    /// <summary>The longest key that any node accepts, in bytes; the options may set a lower limit.</summary>
    public const int MaxKeyBytes = 32 * 1024;

    public const int OpenSessionBytes = HeaderBytes + NonceBytes + sizeof(uint);

    public const int CloseSessionBytes = HeaderBytes;

    public const int LeaseBytes = HeaderBytes + sizeof(long);

    private const int SessionOffset = 2;
    private const int SequenceOffset = 10;
    private const int AcknowledgedBelowOffset = 18;
    private const int NonceBytes = 16;
    private const int ConditionBytes = 1 + sizeof(long);

    public KvOperation Operation { get; private init; }

    public bool IsTransaction => Operation is KvOperation.Transaction or KvOperation.ExtendedTransaction;

    /// <summary>The session the command belongs to; 0 for <see cref="KvOperation.OpenSession"/>.</summary>
    public long Session { get; private init; }

    /// <summary>Its number within the session, from 1; 0 for the opening and closing of sessions.</summary>
    public long Sequence { get; private init; }

    /// <summary>
    /// Every result with a lower sequence was returned to its caller: it will not be requested again, and may be forgotten.
    /// </summary>
    public long AcknowledgedBelow { get; private init; }

    public Guid Nonce { get; private init; }

    public uint TimeToLiveSeconds { get; private init; }

    public KvCondition Condition { get; private init; }

    public KvLifetime Lifetime { get; private init; }

    /// <summary>The id of a lease, or for <see cref="KvOperation.GrantLease"/> its time to live in milliseconds.</summary>
    public long Number { get; private init; }

    public ReadOnlySpan<byte> Key { get; private init; }

    /// <summary>The value of a set, or the body of a transaction, expire or touch.</summary>
    public ReadOnlySpan<byte> Value { get; private init; }

    public static int SetBytes(int keyBytes, int valueBytes) => HeaderBytes + ConditionBytes + sizeof(ushort) + keyBytes + valueBytes;

    public static int DeleteBytes(int keyBytes) => HeaderBytes + ConditionBytes + keyBytes;

    /// <summary>The feature level that the cluster must have before the command may be in its log.</summary>
    public static int FeatureLevelOf(ReadOnlySpan<byte> command) => (KvOperation)command[1] switch
    {
        <= KvOperation.Delete => FeatureLevels.First,
        KvOperation.ExtendedTransaction => FeatureLevels.IncrementLifetimes,
        _ => FeatureLevels.Transactions,
    };

    /// <summary>The name of a command of a client, for traces.</summary>
    public static string NameOf(ReadOnlySpan<byte> command) => (KvOperation)command[1] switch
    {
        KvOperation.Set or KvOperation.SetWithLifetime => "set",
        KvOperation.Delete => "delete",
        KvOperation.Transaction or KvOperation.ExtendedTransaction => "commit",
        KvOperation.GrantLease => "grant_lease",
        KvOperation.RevokeLease => "revoke_lease",
        _ => "other",
    };

    /// <summary>Writes a command of <see cref="OpenSessionBytes"/>.</summary>
    public static void WriteOpenSession(Span<byte> to, Guid nonce, uint timeToLiveSeconds)
    {
        var body = WriteHeader(to, KvOperation.OpenSession);
        nonce.TryWriteBytes(body);
        BinaryPrimitives.WriteUInt32LittleEndian(body[NonceBytes..], timeToLiveSeconds);
    }

    /// <summary>Writes a command of <see cref="CloseSessionBytes"/>.</summary>
    public static void WriteCloseSession(Span<byte> to, long session)
    {
        WriteHeader(to, KvOperation.CloseSession);
        Patch(to, session, sequence: 0, acknowledgedBelow: 0);
    }

    /// <summary>Writes a command of <see cref="SetBytes"/>; <see cref="Patch"/> sets its session and sequence.</summary>
    public static void WriteSet(Span<byte> to, KvCondition condition, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) =>
        WriteSet(WriteHeader(to, KvOperation.Set), key, value, condition);

    /// <summary>
    /// Writes a command of <see cref="SetBytes"/> and <see cref="KvLifetime.Bytes"/> more; <see cref="Patch"/> sets its session and
    /// sequence.
    /// </summary>
    public static void WriteSet(Span<byte> to, KvCondition condition, KvLifetime lifetime, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        var body = WriteHeader(to, KvOperation.SetWithLifetime);
        lifetime.Write(body);
        WriteSet(body[KvLifetime.Bytes..], key, value, condition);
    }

    private static void WriteSet(Span<byte> to, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, KvCondition condition)
    {
        var body = WriteCondition(to, condition);
        BinaryPrimitives.WriteUInt16LittleEndian(body, checked((ushort)key.Length));
        key.CopyTo(body[sizeof(ushort)..]);
        value.CopyTo(body[(sizeof(ushort) + key.Length)..]);
    }

    /// <summary>Writes a command of <see cref="DeleteBytes"/>; <see cref="Patch"/> sets its session and sequence.</summary>
    public static void WriteDelete(Span<byte> to, KvCondition condition, ReadOnlySpan<byte> key) =>
        key.CopyTo(WriteCondition(WriteHeader(to, KvOperation.Delete), condition));

    /// <summary>Makes a whole command; <see cref="Patch"/> sets its session and sequence.</summary>
    public static byte[] WriteTransaction(TransactionCommand transaction)
    {
        var command = new byte[checked(HeaderBytes + (int)transaction.Bytes)];
        transaction.Write(WriteHeader(command, transaction.IsExtended ? KvOperation.ExtendedTransaction : KvOperation.Transaction));
        return command;
    }

    /// <summary>Reads the body of a whole command that <see cref="IsTransaction"/>.</summary>
    public static bool TryReadTransaction(ReadOnlyMemory<byte> command, out TransactionCommand? transaction) =>
        TransactionCommand.TryRead(
            command[HeaderBytes..], extended: (KvOperation)command.Span[1] == KvOperation.ExtendedTransaction, out transaction);

    /// <summary>Makes a whole command that belongs to no session.</summary>
    public static byte[] WriteExpire(IReadOnlyCollection<(long Version, byte[] Key)> keys, IReadOnlyCollection<long> leases) =>
        WriteNamed(KvOperation.Expire, keys, leases);

    /// <summary>Makes a whole command that belongs to no session.</summary>
    public static byte[] WriteTouch(IReadOnlyCollection<(long Version, byte[] Key)> keys) => WriteNamed(KvOperation.Touch, keys, []);

    /// <summary>Writes a command of <see cref="LeaseBytes"/>; <see cref="Patch"/> sets its session and sequence.</summary>
    /// <param name="to">The memory of the command.</param>
    /// <param name="operation">One of the operations on leases.</param>
    /// <param name="number">The time to live in milliseconds of a new lease, otherwise its id.</param>
    public static void WriteLease(Span<byte> to, KvOperation operation, long number) =>
        BinaryPrimitives.WriteInt64LittleEndian(WriteHeader(to, operation), number);

    /// <summary>Sets the place of an encoded command in a session.</summary>
    public static void Patch(Span<byte> command, long session, long sequence, long acknowledgedBelow)
    {
        BinaryPrimitives.WriteInt64LittleEndian(command[SessionOffset..], session);
        BinaryPrimitives.WriteInt64LittleEndian(command[SequenceOffset..], sequence);
        BinaryPrimitives.WriteInt64LittleEndian(command[AcknowledgedBelowOffset..], acknowledgedBelow);
    }

    /// <summary>Whether an encoded command may add data; a command that only deletes does not.</summary>
    public static bool AddsData(ReadOnlyMemory<byte> command) => command.Length > 1 && (KvOperation)command.Span[1] switch
    {
        KvOperation.Set or KvOperation.SetWithLifetime => true,
        KvOperation.Transaction or KvOperation.ExtendedTransaction =>
            !TryReadTransaction(command, out var transaction)
                || Array.Exists(transaction!.Then, AddsData) || Array.Exists(transaction.Else, AddsData),
        _ => false,
    };

    private static bool AddsData(TransactionOperation operation) =>
        operation.Writes && operation.Kind is not (TransactionOperationKind.Delete or TransactionOperationKind.DeleteRange);

    /// <summary>The session and sequence of an encoded command, without decoding the rest; false when there is no whole header.</summary>
    public static bool TryReadPlace(ReadOnlySpan<byte> command, out long session, out long sequence)
    {
        session = sequence = 0;
        if (command.Length < HeaderBytes)
            return false;
        session = BinaryPrimitives.ReadInt64LittleEndian(command[SessionOffset..]);
        sequence = BinaryPrimitives.ReadInt64LittleEndian(command[SequenceOffset..]);
        return true;
    }

    /// <summary>Reads a command in place. Never throws. The result depends only on the bytes, so it is the same on every node.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out KvCommand command)
    {
        command = default;
        if (!TryReadPlace(bytes, out var session, out var sequence) || bytes[0] != FormatVersion)
            return false;
        var acknowledgedBelow = BinaryPrimitives.ReadInt64LittleEndian(bytes[AcknowledgedBelowOffset..]);
        var body = bytes[HeaderBytes..];
        var header = new KvCommand
        {
            Operation = (KvOperation)bytes[1],
            Session = session,
            Sequence = sequence,
            AcknowledgedBelow = acknowledgedBelow,
        };
        switch (header.Operation)
        {
            case KvOperation.OpenSession when session == 0 && body.Length == NonceBytes + sizeof(uint):
                command = header with
                {
                    Nonce = new Guid(body[..NonceBytes]),
                    TimeToLiveSeconds = BinaryPrimitives.ReadUInt32LittleEndian(body[NonceBytes..]),
                };
                return true;
            case KvOperation.CloseSession when session > 0 && body.IsEmpty:
                command = header;
                return true;
            case KvOperation.Set or KvOperation.Delete when header.HasPlace:
                return TryReadWrite(body, header, out command);
            case KvOperation.SetWithLifetime when header.HasPlace && KvLifetime.TryRead(body, out var lifetime):
                return TryReadWrite(body[KvLifetime.Bytes..], header with { Lifetime = lifetime }, out command);
            case KvOperation.Transaction or KvOperation.ExtendedTransaction when header.HasPlace:
                command = header with { Value = body };
                return true;
            case KvOperation.Expire or KvOperation.Touch when session == 0 && sequence == 0:
                command = header with { Value = body };
                return true;
            case KvOperation.GrantLease or KvOperation.RenewLease or KvOperation.RevokeLease
                when header.HasPlace && body.Length == sizeof(long):
                command = header with { Number = BinaryPrimitives.ReadInt64LittleEndian(body) };
                return command.Number > 0 && (header.Operation != KvOperation.GrantLease || command.Number <= KvLifetime.MaxMs);
            default:
                return false;
        }
    }

    private bool HasPlace => Session > 0 && Sequence > 0 && AcknowledgedBelow >= 0 && AcknowledgedBelow <= Sequence;

    private static bool TryReadWrite(ReadOnlySpan<byte> body, KvCommand header, out KvCommand command)
    {
        command = default;
        if (body.Length < ConditionBytes || !TryReadCondition(body, out var condition))
            return false;
        var keyBytes = body.Length - ConditionBytes;
        var rest = body[ConditionBytes..];
        if (header.Operation != KvOperation.Delete)
        {
            if (rest.Length < sizeof(ushort))
                return false;
            keyBytes = BinaryPrimitives.ReadUInt16LittleEndian(rest);
            rest = rest[sizeof(ushort)..];
        }
        if (keyBytes is 0 or > MaxKeyBytes || keyBytes > rest.Length)
            return false;
        command = header with { Condition = condition, Key = rest[..keyBytes], Value = rest[keyBytes..] };
        return true;
    }

    private static bool TryReadCondition(ReadOnlySpan<byte> from, out KvCondition condition)
    {
        var version = BinaryPrimitives.ReadInt64LittleEndian(from[1..]);
        condition = (KvConditionKind)from[0] switch
        {
            KvConditionKind.Exists => KvCondition.Exists,
            KvConditionKind.NotExists => KvCondition.NotExists,
            KvConditionKind.VersionIs => KvCondition.VersionIs(new KvVersion(version)),
            _ => KvCondition.Always,
        };
        return from[0] == (byte)condition.Kind && version >= 0 && version == condition.Version.Value;
    }

    private static byte[] WriteNamed(KvOperation operation, IReadOnlyCollection<(long Version, byte[] Key)> keys,
        IReadOnlyCollection<long> leases)
    {
        var keyBytes = keys.Sum(k => ExpireCommand.SizeOf(k.Key.Length));
        var command = new byte[HeaderBytes + ExpireCommand.CountBytes + keyBytes + leases.Count * sizeof(long)];
        ExpireCommand.Write(WriteHeader(command, operation), keys, leases);
        return command;
    }

    private static Span<byte> WriteHeader(Span<byte> to, KvOperation operation)
    {
        to[..HeaderBytes].Clear();
        to[0] = FormatVersion;
        to[1] = (byte)operation;
        return to[HeaderBytes..];
    }

    private static Span<byte> WriteCondition(Span<byte> to, KvCondition condition)
    {
        to[0] = (byte)condition.Kind;
        BinaryPrimitives.WriteInt64LittleEndian(to[1..], condition.Version.Value);
        return to[ConditionBytes..];
    }
}
