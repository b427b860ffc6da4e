using System.Text;
using RaftKv.Embedded.Records;
using RaftKv.Embedded.Watch;

namespace RaftKv.Simulation;

/// <summary>One change of one key. With a previous version of 0 the key did not exist before.</summary>
internal sealed record LoggedChange(
    KvChangeKind Kind, long Version, string Key, byte[] Value, long CreateVersion, long WriteCount,
    long PreviousVersion, byte[] PreviousValue)
{
    private readonly byte[] _key = Encoding.UTF8.GetBytes(Key);

    public bool IsIn(KeyInterval keys) => keys.Contains(_key);
}
