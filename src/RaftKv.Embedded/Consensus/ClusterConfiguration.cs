using System.Buffers.Binary;
using System.Text;

namespace RaftKv.Embedded.Consensus;

/// <summary>The members of the cluster, ordered by node id. Immutable.</summary>
internal sealed class ClusterConfiguration
{
    /// <summary>With a feature level. What needs none is written in the first format, which every version reads.</summary>
    private const byte FormatVersion = 2;

    private const byte FirstFormat = 1;

    private readonly Member[] _members;

    public static ClusterConfiguration Empty { get; } = new([]);

    public ClusterConfiguration(IEnumerable<Member> members, int featureLevel = FeatureLevels.First)
    {
        FeatureLevel = featureLevel;
        _members = [.. members.OrderBy(m => m.NodeId, StringComparer.Ordinal)];
        VoterCount = Members.Count(m => m.IsVoter);
        for (var i = 1; i < Members.Count; i++)
            Invariant.Holds(Members[i - 1].NodeId != Members[i].NodeId, "node ids are unique");
    }

    public IReadOnlyList<Member> Members => _members;

    public int VoterCount { get; }

    /// <summary>What may stand in the log: every member understands it.</summary>
    public int FeatureLevel { get; }

    /// <summary>How many voters are more than half of them.</summary>
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

    public ClusterConfiguration With(Member member) => new(Members.Where(m => m.NodeId != member.NodeId).Append(member), FeatureLevel);

    public ClusterConfiguration Without(string nodeId) => new(Members.Where(m => m.NodeId != nodeId), FeatureLevel);

    public ClusterConfiguration At(int featureLevel) => new(Members, featureLevel);

    /// <summary>version | from version 2 on: feature level i32 | u16 count | per member: role, incarnation, u16 id length, id, u16 address length, address. Little-endian.</summary>
    public byte[] Encode()
    {
        var hasLevel = FeatureLevel > FeatureLevels.First;
        var size = (hasLevel ? 7 : 3) + Members.Sum(m => 1 + 16 + 2 + Encoding.UTF8.GetByteCount(m.NodeId) + 2 + Encoding.UTF8.GetByteCount(m.Address));
        var bytes = new byte[size];
        var rest = bytes.AsSpan();
        rest[0] = hasLevel ? FormatVersion : FirstFormat;
        rest = rest[1..];
        if (hasLevel)
        {
            BinaryPrimitives.WriteInt32LittleEndian(rest, FeatureLevel);
            rest = rest[sizeof(int)..];
        }
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
            if (format is not (FirstFormat or FormatVersion))
                throw new FormatException($"The configuration has format {format}; this version reads up to {FormatVersion}.");
            bytes = bytes[1..];
            var level = FeatureLevels.First;
            if (format == FormatVersion)
            {
                level = BinaryPrimitives.ReadInt32LittleEndian(bytes);
                bytes = bytes[sizeof(int)..];
            }
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
                throw new FormatException("The configuration has bytes behind its end.");
            return new ClusterConfiguration(members, level);
        }
        catch (Exception e) when (e is ArgumentOutOfRangeException or IndexOutOfRangeException or InvariantViolatedException)
        {
            throw new FormatException("The configuration is cut off or malformed.", e);
        }
    }

    public override string ToString() =>
        string.Join(' ', Members.Select(m => m.Role == MemberRole.Voter ? m.NodeId : $"{m.NodeId}({m.Role.ToString().ToLowerInvariant()})"));

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
