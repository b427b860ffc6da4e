namespace RaftKv.Embedded;

/// <summary>The answer to a write.</summary>
/// <param name="Applied"><c>false</c> when the condition did not hold (or there was nothing to delete): nothing was written.</param>
/// <param name="Version">
/// The new version when applied; otherwise the key's current version, <see cref="KvVersion.None"/> if it does not exist.
/// </param>
public readonly record struct KvWriteResult(bool Applied, KvVersion Version);
