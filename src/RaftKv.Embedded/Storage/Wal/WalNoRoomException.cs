namespace RaftKv.Embedded.Storage;

/// <summary>
/// The disk has no room for the next segment of the log. Nothing of what was to be written was written, so the log is as it was, and the
/// same call may be made again when there is room.
/// </summary>
internal sealed class WalNoRoomException(RaftKvStorageException cause) : Exception(cause.Message, cause);
