namespace RaftKv.Embedded;

/// <summary>A value that was read and decoded.</summary>
/// <param name="Found">Whether the key exists.</param>
/// <param name="Value">The value; <c>default</c> when the key does not exist.</param>
/// <param name="Version">The version of the key's last write; <see cref="KvVersion.None"/> when it does not exist.</param>
public readonly record struct KvValue<T>(bool Found, T? Value, KvVersion Version);
