using System.Diagnostics;
using RaftKv.Embedded;

namespace RaftKv.Integration.Linearizability;

/// <summary>Collects the operations of several clients on one key. Every value is written only once.</summary>
public sealed class KeyHistory(string key)
{
    private readonly Lock gate = new();
    private readonly List<RegisterOperation> operations = [];
    private readonly Dictionary<KvVersion, string?> values = new() { [KvVersion.None] = null };
    private readonly List<(int Client, KvVersion Version, long Call, long Return)> conflicts = [];

    public string Key => key;

    public int Count
    {
        get
        {
            lock (gate)
                return operations.Count;
        }
    }

    public static long Now => Stopwatch.GetTimestamp();

    public void Read(int client, string? value, KvVersion version, long call)
        => Add(new RegisterOperation(client, RegisterOperationKind.Read, value, null, call, Now), version);

    public void Wrote(int client, string value, KvVersion version, long call)
        => Add(new RegisterOperation(client, RegisterOperationKind.Write, value, null, call, Now), version);

    public void Replaced(int client, string? expected, string value, KvVersion version, long call)
        => Add(new RegisterOperation(client, RegisterOperationKind.CompareAndSet, value, expected, call, Now), version);

    public void Unknown(int client, RegisterOperationKind kind, string? expected, string value, long call)
        => Add(new RegisterOperation(client, kind, value, expected, call, RegisterOperation.Never), null);

    /// <summary>
    /// A conditional write that did not apply returns the version that it found: it counts as a read of the value with that version.
    /// </summary>
    public void Conflicted(int client, KvVersion found, long call)
    {
        lock (gate)
            conflicts.Add((client, found, call, Now));
    }

    /// <summary>All of them as operations on a register.</summary>
    public IReadOnlyList<RegisterOperation> ToOperations()
    {
        lock (gate)
        {
            var reads = conflicts.Where(c => values.ContainsKey(c.Version))
                .Select(c => new RegisterOperation(c.Client, RegisterOperationKind.Read, values[c.Version], null, c.Call, c.Return));
            return [.. operations, .. reads];
        }
    }

    private void Add(RegisterOperation operation, KvVersion? version)
    {
        lock (gate)
        {
            operations.Add(operation);
            if (version is { } known && !values.TryAdd(known, operation.Value) && values[known] != operation.Value)
                throw new InvalidOperationException($"Version {known} of '{key}' is both '{values[known]}' and '{operation.Value}'.");
        }
    }
}
