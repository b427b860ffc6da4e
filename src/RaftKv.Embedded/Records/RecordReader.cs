namespace RaftKv.Embedded.Records;

/// <summary>
/// Reads a record in place. Runs under the protection of the store: it must be short, and must not block or call the store.
/// </summary>
internal delegate TResult RecordReader<in TState, out TResult>(in RecordHeader header, ReadOnlySpan<byte> value, TState state);
