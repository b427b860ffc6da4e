namespace RaftKv.Embedded.Tests.Storage;

/// <summary>What a disk is asked to do, and may fail at.</summary>
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
