using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Tests.Consensus.Model;

/// <summary>A snapshot of the model's state machine, whose whole state is a hash of everything applied.</summary>
internal sealed record ModelSnapshot(EntryId Last, ulong State, ClusterConfiguration Configuration, long ConfigurationIndex, long TimeMs)
{
    public byte[] Encode()
    {
        var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write(Last.Term);
        writer.Write(Last.Index);
        writer.Write(State);
        writer.Write(ConfigurationIndex);
        writer.Write(TimeMs);
        var configuration = Configuration.Encode();
        writer.Write(configuration.Length);
        writer.Write(configuration);
        writer.Flush();
        return stream.ToArray();
    }

    public static ModelSnapshot? TryDecode(byte[] bytes)
    {
        try
        {
            using var reader = new BinaryReader(new MemoryStream(bytes));
            var last = new EntryId(reader.ReadInt64(), reader.ReadInt64());
            var state = reader.ReadUInt64();
            var index = reader.ReadInt64();
            var timeMs = reader.ReadInt64();
            return new ModelSnapshot(last, state, ClusterConfiguration.Decode(reader.ReadBytes(reader.ReadInt32())), index, timeMs);
        }
        catch (Exception e) when (e is EndOfStreamException or FormatException)
        {
            return null;
        }
    }
}
