namespace RaftKv.Embedded.Node;

/// <summary>A snapshot that was refused elsewhere has been read again; <c>Damage</c> says what is wrong with it, if anything.</summary>
internal sealed class SnapshotChecked(RaftKvStorageException? damage) : ReplicaInput
{
    public RaftKvStorageException? Damage => damage;
}
