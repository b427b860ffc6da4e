namespace RaftKv.Embedded.Storage;

/// <summary>
/// The disk has no room for the next segment of the log. Nothing was written: the log is unchanged, and the caller may repeat the call when
/// there is room.
/// </summary>
internal sealed class WalNoRoomException(RaftKvStorageException cause) : Exception(cause.Message, cause);
