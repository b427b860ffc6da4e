using System.Buffers.Text;
using System.Text;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Records;
using RaftKv.Embedded.StateMachine;

namespace RaftKv.Simulation.Invariants;

/// <summary>
/// An increment adds once and, from its feature level on, keeps the lifetime of the key. A key that it creates has the initial value and
/// the lifetime that were asked for.
/// </summary>
/// <param name="machine">Applies the entries.</param>
internal sealed class Counters(KvStateMachine machine)
{
    public const int Count = 4;

    private const string Prefix = "counter";

    private TransactionOperation? _increment;
    private (RecordHeader Header, long Number) _before;

    /// <summary>Whether the entry is an increment of a counter.</summary>
    public bool IsIncrement => _increment is not null;

    public static string Name(int counter) => $"{Prefix}{counter}";

    /// <summary>Called before the entry is applied.</summary>
    public void Begin(in LogEntry entry)
    {
        _increment = Find(entry);
        if (_increment is { } increment)
            _before = Read(increment.Keys.From.Span);
    }

    /// <summary>Called after the entry was applied.</summary>
    public void End(in LogEntry entry, in ApplyResult result)
    {
        // A repeated command is answered with the version of the entry that executed it.
        if (_increment is not { } increment || result.Status != ApplyStatus.Applied || result.Version != entry.Index)
            return;
        var body = IncrementBody.Read(increment.Body.Span);
        var (before, after) = (_before.Header, Read(increment.Keys.From.Span));
        var exists = before.Version != 0;
        if (after.Number != (exists ? _before.Number : body.Initial) + body.Delta)
            throw Broken(entry, body, $"makes {after.Number} of {_before.Number} ({before})");
        var expected = !exists ? body.Lifetime.Give(before, before.NextAt(entry.Index), machine.LogTimeMs)
            : machine.Configuration.FeatureLevel >= FeatureLevels.IncrementLifetimes ? before : default;
        var end = exists && expected.SlidingMs != 0 ? after.Header.ExpiresAtMs : expected.ExpiresAtMs;
        if ((after.Header.ExpiresAtMs, after.Header.SlidingMs, after.Header.ExpiresByMs, after.Header.LeaseId)
            != (end, expected.SlidingMs, expected.ExpiresByMs, expected.LeaseId))
            throw Broken(entry, body, $"makes the lifetime {after.Header} of {before}");
    }

    private static BrokenInvariantException Broken(in LogEntry entry, IncrementBody body, string what) =>
        new("Counters", $"at {entry.Index} an increment by {body} {what}");

    private static TransactionOperation? Find(in LogEntry entry) =>
        entry.Kind == EntryKind.Command && KvCommand.TryRead(entry.Payload.Span, out var command) && command.IsTransaction
            && KvCommand.TryReadTransaction(entry.Payload, out var transaction) && transaction!.Then is [var operation]
            && operation.Keys.From.Span.StartsWith(Encoding.UTF8.GetBytes(Prefix))
            ? operation : null;

    private (RecordHeader Header, long Number) Read(ReadOnlySpan<byte> key) =>
        machine.Store.TryRead(key, 0, static (in RecordHeader header, ReadOnlySpan<byte> value, int _) =>
            (header, Utf8Parser.TryParse(value, out long number, out var _) ? number : long.MinValue), out var found) ? found : default;
}
