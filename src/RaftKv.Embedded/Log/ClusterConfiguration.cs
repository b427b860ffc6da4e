using System.Buffers.Binary;
using System.Text;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Log;

/// <summary>The members of the cluster, ordered by node id. Immutable.</summary>
internal sealed class ClusterConfiguration
{
    /// <summary>Without a feature level. Every version reads it; written at <see cref="FeatureLevels.First"/>.</summary>
    private const byte FirstFormat = 1;

    /// <summary>With a feature level.</summary>
    private const byte LevelFormat = 2;

    /// <summary>With a feature level and settings of the cluster; written from <see cref="FeatureLevels.Safeguards"/> on.</summary>
    private const byte SettingsFormat = 3;

    private readonly Member[] _members;

    public static ClusterConfiguration Empty { get; } = new([]);

    public ClusterConfiguration(IEnumerable<Member> members, int featureLevel = FeatureLevels.First, ClusterLimits? limits = null)
    {
        Invariant.Holds(limits is null || featureLevel >= FeatureLevels.Safeguards, "limits need the feature level Safeguards");
        FeatureLevel = featureLevel;
        Limits = limits;
        _members = [.. members.OrderBy(m => m.NodeId, StringComparer.Ordinal)];
        VoterCount = Members.Count(m => m.IsVoter);
        for (var i = 1; i < Members.Count; i++)
            Invariant.Holds(Members[i - 1].NodeId != Members[i].NodeId, "node ids are unique");
    }

    public IReadOnlyList<Member> Members => _members;

    public int VoterCount { get; }

    /// <summary>The newest level whose entries may stand in the log: every member understands it.</summary>
    public int FeatureLevel { get; }

    /// <summary>
    /// The largest key, value and transaction that may become an entry. <c>null</c> while the feature level is below
    /// <see cref="FeatureLevels.Safeguards"/>: then the leader's own options decide.
    /// </summary>
    public ClusterLimits? Limits { get; }

    /// <summary>The number of voters of a majority.</summary>
    public int Quorum => VoterCount / 2 + 1;

    public Member? Find(string nodeId)
    {
        foreach (var member in _members)
        {
            if (member.NodeId == nodeId)
                return member;
        }
        return null;
    }

    public bool IsVoter(string nodeId) => Find(nodeId) is { IsVoter: true };

    public ClusterConfiguration With(Member member) =>
        new(Members.Where(m => m.NodeId != member.NodeId).Append(member), FeatureLevel, Limits);

    public ClusterConfiguration Without(string nodeId) => new(Members.Where(m => m.NodeId != nodeId), FeatureLevel, Limits);

    public ClusterConfiguration At(int featureLevel, ClusterLimits? limits = null) => new(Members, featureLevel, limits ?? Limits);

    /// <summary>
    /// version | from version 2 on: feature level i32 | from version 3 on: u16 bytes of settings, settings: limits of key, value and
    /// transaction, i32 each; a reader skips settings after them | u16 count | per member: role, incarnation, u16 id length, id, u16
    /// address length, address. Little-endian.
    /// </summary>
    public byte[] Encode()
    {
        var format = FeatureLevel >= FeatureLevels.Safeguards ? SettingsFormat : FeatureLevel > FeatureLevels.First ? LevelFormat
            : FirstFormat;
        var size = 3 + (format >= LevelFormat ? sizeof(int) : 0) + (format >= SettingsFormat ? SettingsBytes : 0)
            + Members.Sum(m => 1 + 16 + 2 + Encoding.UTF8.GetByteCount(m.NodeId) + 2 + Encoding.UTF8.GetByteCount(m.Address));
        var bytes = new byte[size];
        var rest = bytes.AsSpan();
        rest[0] = format;
        rest = rest[1..];
        if (format >= LevelFormat)
        {
            BinaryPrimitives.WriteInt32LittleEndian(rest, FeatureLevel);
            rest = rest[sizeof(int)..];
        }
        if (format >= SettingsFormat)
            rest = WriteSettings(rest);
        BinaryPrimitives.WriteUInt16LittleEndian(rest, (ushort)Members.Count);
        rest = rest[sizeof(ushort)..];
        foreach (var member in Members)
        {
            rest[0] = (byte)member.Role;
            member.Incarnation.TryWriteBytes(rest[1..]);
            rest = rest[17..];
            rest = WriteText(rest, member.NodeId);
            rest = WriteText(rest, member.Address);
        }
        return bytes;
    }

    /// <exception cref="FormatException">The bytes are not a configuration.</exception>
    public static ClusterConfiguration Decode(ReadOnlySpan<byte> bytes)
    {
        try
        {
            var format = bytes[0];
            if (format is < FirstFormat or > SettingsFormat)
                throw new FormatException($"The configuration has format {format}; this version reads up to {SettingsFormat}.");
            bytes = bytes[1..];
            var level = FeatureLevels.First;
            if (format >= LevelFormat)
            {
                level = BinaryPrimitives.ReadInt32LittleEndian(bytes);
                bytes = bytes[sizeof(int)..];
            }
            var limits = format >= SettingsFormat ? ReadSettings(ref bytes) : null;
            var count = BinaryPrimitives.ReadUInt16LittleEndian(bytes);
            bytes = bytes[sizeof(ushort)..];
            var members = new List<Member>(Math.Min((int)count, 64));
            for (var i = 0; i < count; i++)
            {
                var role = (MemberRole)bytes[0];
                if (role is not (MemberRole.Voter or MemberRole.Learner or MemberRole.Joining))
                    throw new FormatException($"The configuration has a member of unknown role {bytes[0]}.");
                var incarnation = new Guid(bytes.Slice(1, 16));
                bytes = bytes[17..];
                var nodeId = ReadText(ref bytes);
                members.Add(new Member(nodeId, ReadText(ref bytes), incarnation, role));
            }
            if (!bytes.IsEmpty)
                throw new FormatException("The configuration has bytes after its end.");
            return new ClusterConfiguration(members, level, limits);
        }
        catch (Exception e) when (e is ArgumentOutOfRangeException or IndexOutOfRangeException or InvariantViolatedException)
        {
            throw new FormatException("The configuration is cut off or malformed.", e);
        }
    }

    public override string ToString() =>
        string.Join(' ', Members.Select(m => m.Role == MemberRole.Voter ? m.NodeId
            : $"{m.NodeId}({m.Role.ToString().ToLowerInvariant()})"));

    /// <summary>For log messages: the role and the address of every member.</summary>
    public string Describe() => _members.Length == 0 ? "no members"
        : string.Join(", ", _members.Select(m => $"{m.NodeId} ({m.Role.ToString().ToLowerInvariant()}, {m.Address})"));

    private int SettingsBytes => sizeof(ushort) + (Limits is null ? 0 : ClusterLimits.Bytes);

    private Span<byte> WriteSettings(Span<byte> to)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(to, (ushort)(SettingsBytes - sizeof(ushort)));
        if (Limits is not { } limits)
            return to[sizeof(ushort)..];
        BinaryPrimitives.WriteInt32LittleEndian(to[2..], limits.MaxKeyBytes);
        BinaryPrimitives.WriteInt32LittleEndian(to[6..], limits.MaxValueBytes);
        BinaryPrimitives.WriteInt32LittleEndian(to[10..], limits.MaxTransactionBytes);
        return to[SettingsBytes..];
    }

    private static ClusterLimits? ReadSettings(ref ReadOnlySpan<byte> bytes)
    {
        var settings = bytes.Slice(sizeof(ushort), BinaryPrimitives.ReadUInt16LittleEndian(bytes));
        bytes = bytes[(sizeof(ushort) + settings.Length)..];
        return settings.IsEmpty ? null : new ClusterLimits(
            BinaryPrimitives.ReadInt32LittleEndian(settings), BinaryPrimitives.ReadInt32LittleEndian(settings[4..]),
            BinaryPrimitives.ReadInt32LittleEndian(settings[8..]));
    }

    private static Span<byte> WriteText(Span<byte> to, string text)
    {
        var length = Encoding.UTF8.GetBytes(text, to[2..]);
        BinaryPrimitives.WriteUInt16LittleEndian(to, (ushort)length);
        return to[(2 + length)..];
    }

    private static string ReadText(ref ReadOnlySpan<byte> bytes)
    {
        var length = BinaryPrimitives.ReadUInt16LittleEndian(bytes);
        var text = Encoding.UTF8.GetString(bytes.Slice(2, length));
        bytes = bytes[(2 + length)..];
        return text;
    }
}
