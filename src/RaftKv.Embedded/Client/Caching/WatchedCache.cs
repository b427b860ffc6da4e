using System.Buffers;
using Microsoft.Extensions.Caching.Distributed;
using RaftKv.Embedded.Diagnostics;

namespace RaftKv.Embedded.Client;

/// <summary>Measures and traces the operations of a cache while a listener is attached; otherwise it only forwards them.</summary>
internal sealed class WatchedCache(RaftKvCache cache, ReplicaAccess access) : IBufferDistributedCache
{
    private const string GetName = "get", SetName = "set", RefreshName = "refresh", RemoveName = "remove";

    private Telemetry? Watching => access.TryHost?.Telemetry is { WatchesCache: true } telemetry ? telemetry : null;

    public byte[]? Get(string key) => Watching is { } telemetry
        ? Watch(telemetry, GetName, (cache, key), static call => call.cache.Get(call.key), static value => Found(value is not null))
        : cache.Get(key);

    public Task<byte[]?> GetAsync(string key, CancellationToken token = default) => Watching is { } telemetry
        ? WatchAsync(telemetry, GetName, (cache, key, token),
            static call => call.cache.GetAsync(call.key, call.token), static value => Found(value is not null))
        : cache.GetAsync(key, token);

    public bool TryGet(string key, IBufferWriter<byte> destination) => Watching is { } telemetry
        ? Watch(telemetry, GetName, (cache, key, destination), static call => call.cache.TryGet(call.key, call.destination), Found)
        : cache.TryGet(key, destination);

    public ValueTask<bool> TryGetAsync(string key, IBufferWriter<byte> destination, CancellationToken token = default) =>
        Watching is { } telemetry
            ? new(WatchAsync(telemetry, GetName, (cache, key, destination, token),
                static call => call.cache.TryGetAsync(call.key, call.destination, call.token).AsTask(), Found))
            : cache.TryGetAsync(key, destination, token);

    public void Refresh(string key)
    {
        if (Watching is { } telemetry)
            Watch(telemetry, RefreshName, (cache, key), static call => call.cache.Refresh(call.key));
        else
            cache.Refresh(key);
    }

    public Task RefreshAsync(string key, CancellationToken token = default) => Watching is { } telemetry
        ? WatchAsync(telemetry, RefreshName, (cache, key, token), static call => call.cache.RefreshAsync(call.key, call.token))
        : cache.RefreshAsync(key, token);

    public void Set(string key, byte[] value, DistributedCacheEntryOptions options)
    {
        if (Watching is { } telemetry)
            Watch(telemetry, SetName, (cache, key, value, options), static call => call.cache.Set(call.key, call.value, call.options));
        else
            cache.Set(key, value, options);
    }

    public Task SetAsync(string key, byte[] value, DistributedCacheEntryOptions options, CancellationToken token = default) =>
        Watching is { } telemetry
            ? WatchAsync(telemetry, SetName, (cache, key, value, options, token),
                static call => call.cache.SetAsync(call.key, call.value, call.options, call.token))
            : cache.SetAsync(key, value, options, token);

    public void Set(string key, ReadOnlySequence<byte> value, DistributedCacheEntryOptions options)
    {
        if (Watching is { } telemetry)
            Watch(telemetry, SetName, (cache, key, value, options), static call => call.cache.Set(call.key, call.value, call.options));
        else
            cache.Set(key, value, options);
    }

    public ValueTask SetAsync(
        string key, ReadOnlySequence<byte> value, DistributedCacheEntryOptions options, CancellationToken token = default) =>
        Watching is { } telemetry
            ? new(WatchAsync(telemetry, SetName, (cache, key, value, options, token),
                static call => call.cache.SetAsync(call.key, call.value, call.options, call.token).AsTask()))
            : cache.SetAsync(key, value, options, token);

    public void Remove(string key)
    {
        if (Watching is { } telemetry)
            Watch(telemetry, RemoveName, (cache, key), static call => call.cache.Remove(call.key));
        else
            cache.Remove(key);
    }

    public Task RemoveAsync(string key, CancellationToken token = default) => Watching is { } telemetry
        ? WatchAsync(telemetry, RemoveName, (cache, key, token), static call => call.cache.RemoveAsync(call.key, call.token))
        : cache.RemoveAsync(key, token);

    private static string Found(bool found) => found ? "hit" : "miss";

    private static void Watch<TCall>(Telemetry telemetry, string operation, TCall call, Action<TCall> run) =>
        Watch(telemetry, operation, (call, run), static both =>
        {
            both.run(both.call);
            return true;
        }, static _ => "ok");

    private static TResult Watch<TCall, TResult>(
        Telemetry telemetry, string operation, TCall call, Func<TCall, TResult> run, Func<TResult, string> outcome)
    {
        var watch = telemetry.StartCache(operation);
        try
        {
            var result = run(call);
            telemetry.EndCache(watch, operation, outcome(result), error: null);
            return result;
        }
        catch (Exception e)
        {
            telemetry.EndCache(watch, operation, "failed", e);
            throw;
        }
    }

    private static Task WatchAsync<TCall>(Telemetry telemetry, string operation, TCall call, Func<TCall, Task> run) =>
        WatchAsync(telemetry, operation, (call, run), static async both =>
        {
            await both.run(both.call).ConfigureAwait(false);
            return true;
        }, static _ => "ok");

    private static async Task<TResult> WatchAsync<TCall, TResult>(
        Telemetry telemetry, string operation, TCall call, Func<TCall, Task<TResult>> run, Func<TResult, string> outcome)
    {
        var watch = telemetry.StartCache(operation);
        try
        {
            var result = await run(call).ConfigureAwait(false);
            telemetry.EndCache(watch, operation, outcome(result), error: null);
            return result;
        }
        catch (Exception e)
        {
            telemetry.EndCache(watch, operation, "failed", e);
            throw;
        }
    }
}
