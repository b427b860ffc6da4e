using System.Diagnostics;
using RaftKv.Embedded.Node;
using RaftKv.Embedded.StateMachine;

namespace RaftKv.Embedded.Client;

/// <summary>Measures and traces one write, from before it is sent until its outcome is known.</summary>
internal readonly struct WriteWatch
{
    private readonly LocalReplica _host;
    private readonly WriteOperation _write;
    private readonly Activity? _activity;
    private readonly long _begun;

    private WriteWatch(LocalReplica host, WriteOperation write, Activity? activity, long begun) =>
        (_host, _write, _activity, _begun) = (host, write, activity, begun);

    public static WriteWatch Begin(LocalReplica host, WriteOperation write)
    {
        var activity = host.Telemetry.StartWrite(KvCommand.NameOf(write.Command.Span));
        if (activity is { Recorded: true })
            write.Trace = activity;
        return new WriteWatch(host, write, activity, host.Clock.Ticks);
    }

    public void End(in KvWriteResult result) => End(result.Applied ? "applied" : "not_applied", error: null);

    public void End(Exception error) =>
        End(error is RaftKvException { Outcome: KvOutcome.NotApplied } ? "refused" : "unknown", error);

    private void End(string outcome, Exception? error)
    {
        var whole = _host.Clock.Ticks - _begun;
        var given = _write.SentAt == 0 ? 0 : Math.Clamp(_write.SentAt - _begun, 0, whole);
        var committed = _write.CommittedAt == 0 ? whole : Math.Clamp(_write.CommittedAt - _begun, given, whole);
        var (propose, replicate) = (TimeSpan.FromTicks(given), TimeSpan.FromTicks(committed));
        _host.Telemetry.EndWrite(_activity, propose, replicate, TimeSpan.FromTicks(whole), outcome, error);
    }
}
