namespace RaftKv.Embedded.Records;

/// <summary>Looks at a record in place. Runs under the store's protection: short, no blocking, no call back into the store.</summary>
internal delegate TResult RecordReader<in TState, out TResult>(in RecordHeader header, ReadOnlySpan<byte> value, TState state);
