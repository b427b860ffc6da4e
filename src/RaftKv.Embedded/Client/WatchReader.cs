using System.Runtime.CompilerServices;
using System.Text;
using RaftKv.Embedded.Node;
using RaftKv.Embedded.Watch;

namespace RaftKv.Embedded.Client;

/// <summary>Follows the changes of a range of keys.</summary>
internal sealed class WatchReader(ReplicaAccess access, RaftKvOptions options)
{
    private const int DefaultBufferBytes = 32 * 1024;
    private const int MaxBufferBytes = 64 * 1024 * 1024;

    /// <summary>The pause before a resynchronization: a slow watcher reads the whole state at most this often.</summary>
    private static readonly TimeSpan ResynchronizePause = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan MinProgressInterval = TimeSpan.FromMilliseconds(10);

    public IAsyncEnumerable<KvEvent> WatchAsync(KvKeyRange range, KvWatchOptions watchOptions = default,
        CancellationToken cancellationToken = default)
    {
        Check(watchOptions);
        var keys = KeyRanges.Interval(range, access.Limits(options).MaxKeyBytes);
        return watchOptions.Resynchronize ? ResynchronizeAsync(keys, watchOptions, cancellationToken)
            : WatchOnceAsync(keys, watchOptions, cancellationToken);
    }

    /// <summary>
    /// The current content of this node's copy, whatever its age, and every change after it: never waits for another node.
    /// </summary>
    public IAsyncEnumerable<KvEvent> WatchLocalAsync(KvKeyRange range, CancellationToken cancellationToken) =>
        WatchStateAsync(KeyRanges.Interval(range, access.Limits(options).MaxKeyBytes), default, mustBeFresh: false, cancellationToken);

    /// <summary>Ends with an exception when the history of this node does not hold the next change any more.</summary>
    private IAsyncEnumerable<KvEvent> WatchOnceAsync(KeyInterval keys, KvWatchOptions asked, CancellationToken cancellationToken) =>
        asked.InitialState
            ? WatchStateAsync(keys, asked, mustBeFresh: true, cancellationToken)
            : WatchFromAsync(keys, asked, cancellationToken);

    /// <summary>Reads the whole current state again whenever changes were missed.</summary>
    private async IAsyncEnumerable<KvEvent> ResynchronizeAsync(
        KeyInterval keys, KvWatchOptions asked, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            var changes = WatchOnceAsync(keys, asked, cancellationToken).GetAsyncEnumerator(cancellationToken);
            await using var ended = changes.ConfigureAwait(false);
            while (await TryMoveNextAsync(changes).ConfigureAwait(false))
                yield return changes.Current;
            yield return new KvEvent { Kind = KvEventKind.Resynchronized, Key = "" };
            asked = asked with { InitialState = true, FromVersion = KvVersion.None };
            await Task.Delay(ResynchronizePause, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary><c>false</c> when changes were missed. Otherwise a watch ends only with an exception.</summary>
    private static async ValueTask<bool> TryMoveNextAsync(IAsyncEnumerator<KvEvent> changes)
    {
        try
        {
            return await changes.MoveNextAsync().ConfigureAwait(false);
        }
        catch (RaftKvCompactedException)
        {
            return false;
        }
    }

    private async IAsyncEnumerable<KvEvent> WatchFromAsync(KeyInterval keys, KvWatchOptions asked,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var host = await access.HostAsync(cancellationToken).ConfigureAwait(false);
        var from = asked.FromVersion.Value;
        // A restarted node first applies entries that other nodes applied before: these are no new changes.
        if (from == 0 && !host.Replica.HasCaughtUp)
            await ReadFreshness.ReadIndexAsync(host, mayBeStale: false, cancellationToken).ConfigureAwait(false);
        ThrowIfRemoved(host);
        using var watcher = Add(host, keys, asked, from == 0 ? host.Applier.AppliedIndex + 1 : from);
        await foreach (var change in FollowAsync(host, watcher, asked.ProgressInterval, cancellationToken).ConfigureAwait(false))
            yield return change;
    }

    private async IAsyncEnumerable<KvEvent> WatchStateAsync(KeyInterval keys, KvWatchOptions asked, bool mustBeFresh,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var host = await access.HostAsync(cancellationToken).ConfigureAwait(false);
        if (mustBeFresh)
        {
            await ReadFreshness.WaitUntilFreshAsync(host, new KvReadOptions { Consistency = asked.Consistency }, "watch",
                cancellationToken).ConfigureAwait(false);
            ThrowIfRemoved(host);
        }
        else if (host.Applier.AppliedIndex < host.RecoveredIndex)
        {
            await host.WaitAppliedAsync(host.RecoveredIndex, cancellationToken).ConfigureAwait(false);
        }
        // The watcher first: it is refused while the node stops, and nothing is left behind then.
        var (watcher, view) = await AppliedState.RunAsync(host, options.RequestTimeout,
            state => (Add(host, keys, asked, state.Applied.Index + 1), host.Applier.Changes.Views.Take(state.Store, state.Applied.Index)),
            static both => End(both.Item2, both.Item1), cancellationToken).ConfigureAwait(false);
        try
        {
            var cursor = new ReadViewCursor(view, keys, [], asked.KeysOnly);
            var page = new List<ReadViewRecord>();
            while (cursor.Next(int.MaxValue, page))
            {
                foreach (var record in page)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    yield return Initial(record);
                }
            }
            view.Release();
            yield return new KvEvent
            {
                Kind = KvEventKind.InitialStateEnd,
                Key = "",
                Version = new KvVersion(view.Version),
                EndsVersion = true,
            };
            await foreach (var change in FollowAsync(host, watcher, asked.ProgressInterval, cancellationToken).ConfigureAwait(false))
                yield return change;
        }
        finally
        {
            End(view, watcher);
        }
    }

    private static async IAsyncEnumerable<KvEvent> FollowAsync(LocalReplica host, Watcher watcher, TimeSpan progressInterval,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var cancelled = cancellationToken.UnsafeRegister(static watcher => ((Watcher)watcher!).Nudge(), watcher);
        using var progress = progressInterval == default ? null
            : host.Clock.Provider.CreateTimer(static watcher => ((Watcher)watcher!).WantProgress(), watcher,
                progressInterval, progressInterval);
        while (true)
        {
            while (watcher.TryRead(out var change))
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return InWallTime(host, change);
                watcher.ThrowIfEndedWhileBehind();
            }
            cancellationToken.ThrowIfCancellationRequested();
            watcher.ThrowIfEnded();
            if (watcher.TryTakeProgress(out var version))
                yield return new KvEvent { Kind = KvEventKind.Progress, Key = "", Version = new KvVersion(version), EndsVersion = true };
            else
                await watcher.WaitAsync().ConfigureAwait(false);
        }
    }

    private static Watcher Add(LocalReplica host, KeyInterval keys, KvWatchOptions asked, long from) =>
        host.Applier.Changes.Watches.Add(keys, Values(asked), asked.BufferBytes == 0 ? DefaultBufferBytes : asked.BufferBytes, from);

    private static WatchedValues Values(in KvWatchOptions asked) =>
        asked.PreviousValues ? WatchedValues.Previous : asked.KeysOnly ? WatchedValues.None : WatchedValues.Written;

    /// <summary>The history has the expiry of a previous entry in log time; converts it to wall time.</summary>
    private static KvEvent InWallTime(LocalReplica host, in KvEvent change) => change.Previous is { ExpiresAt: { } end } previous
        ? change with { Previous = previous with { ExpiresAt = KvGetResult.Time(host.Replica.ToWallTime(end.ToUnixTimeMilliseconds())) } }
        : change;

    private static void End(ReadView view, Watcher watcher)
    {
        view.Release();
        watcher.Dispose();
    }

    private static KvEvent Initial(in ReadViewRecord record) => new()
    {
        Kind = KvEventKind.Put,
        Key = Encoding.UTF8.GetString(record.Key),
        Value = record.Value,
        Version = new KvVersion(record.Header.Version),
        CreateVersion = new KvVersion(record.Header.CreateVersion),
        WriteCount = record.Header.WriteCount,
    };

    private static void ThrowIfRemoved(LocalReplica host)
    {
        if (host.Replica.Status is { Role: RaftKvRole.Removed } status)
            throw Errors.Removed(status.NodeId);
    }

    private void Check(KvWatchOptions asked)
    {
        if (asked.InitialState && asked.FromVersion != KvVersion.None)
            throw new ArgumentException("A watch begins either with the initial state or at a version (FromVersion), not with both.",
                nameof(asked));
        ArgumentOutOfRangeException.ThrowIfNegative(asked.FromVersion.Value);
        if (asked.ProgressInterval != default)
            ArgumentOutOfRangeException.ThrowIfLessThan(asked.ProgressInterval, MinProgressInterval);
        ArgumentOutOfRangeException.ThrowIfNegative(asked.BufferBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(asked.BufferBytes, MaxBufferBytes);
        if (!asked.PreviousValues)
            return;
        if (asked.KeysOnly)
        {
            throw new ArgumentException(
                "A watch leaves out the values (KeysOnly) or has the previous ones too (PreviousValues), not both.", nameof(asked));
        }
        if (!options.WatchPreviousValues)
        {
            throw new NotSupportedException(
                $"The watch has not begun: it asks for previous values, and node '{options.NodeId}' does not keep them. "
                + $"Set its option {nameof(RaftKvOptions.WatchPreviousValues)} to true and restart it, or watch without PreviousValues.");
        }
    }
}
