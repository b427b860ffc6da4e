namespace RaftKv.Embedded.Tests.Storage;

/// <summary>An operation of a disk that a test can make fail.</summary>
internal enum DeviceOperation
{
    Write,
    Sync,
    Create,
    Rename,
    Delete,
    SyncDirectory,
    Read,
}
