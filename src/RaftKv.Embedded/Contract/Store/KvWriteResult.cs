namespace RaftKv.Embedded;

/// <summary>The result of a write.</summary>
/// <param name="Applied"><c>false</c> when the condition did not hold (or there was nothing to delete): nothing was written.</param>
/// <param name="Version">
/// The new version when applied; otherwise the key's current version, <see cref="KvVersion.None"/> if the key does not exist.
/// </param>
public readonly record struct KvWriteResult(bool Applied, KvVersion Version);
