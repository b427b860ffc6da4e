namespace RaftKv.Embedded;

/// <summary>Reads a value in place. The span is valid only during the call.</summary>
/// <param name="value">The value's bytes in the store's own memory.</param>
/// <param name="version">The version that wrote them.</param>
/// <param name="state">The state that the caller passed.</param>
public delegate TResult KvReader<in TState, out TResult>(ReadOnlySpan<byte> value, KvVersion version, TState state);
