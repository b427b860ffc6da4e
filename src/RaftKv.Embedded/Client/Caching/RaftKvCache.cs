using System.Buffers;
using Microsoft.Extensions.Caching.Distributed;
using RaftKv.Embedded.StateMachine;

namespace RaftKv.Embedded.Client;

/// <summary>The store as a cache: an entry is a key with a lifetime, and every read of it counts as a use.</summary>
internal sealed class RaftKvCache(DistributedKv kv, RaftKvCacheOptions options) : IBufferDistributedCache
{
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(KvLifetime.MaxMs);

    private static readonly KvReader<object?, byte[]> CopyValue = static (value, _, _) => value.ToArray();

    private static readonly KvReader<IBufferWriter<byte>, bool> WriteValue = static (value, _, destination) =>
    {
        destination.Write(value);
        return true;
    };

    private static readonly KvReader<object?, bool> Touch = static (_, _, _) => true;

    private readonly string _prefix = options.KeyPrefix;
    private readonly KvReadOptions _reading = new() { Consistency = options.Consistency, StaleWithoutLeader = options.StaleWithoutLeader };
    private readonly TimeSpan? _defaultSliding = options.DefaultSlidingExpiration;

    public byte[]? Get(string key)
    {
        var name = Name(key);
        kv.WaitUntilFresh(name, _reading);
        kv.TryReadInPlace(name, null, CopyValue, out var value);
        return value;
    }

    public async Task<byte[]?> GetAsync(string key, CancellationToken token = default) =>
        (await ReadAsync(key, null, CopyValue, token).ConfigureAwait(false)).Result;

    public bool TryGet(string key, IBufferWriter<byte> destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        var name = Name(key);
        kv.WaitUntilFresh(name, _reading);
        return kv.TryReadInPlace(name, destination, WriteValue, out _);
    }

    public async ValueTask<bool> TryGetAsync(string key, IBufferWriter<byte> destination, CancellationToken token = default)
    {
        ArgumentNullException.ThrowIfNull(destination);
        return (await ReadAsync(key, destination, WriteValue, token).ConfigureAwait(false)).Found;
    }

    /// <summary>Records a use. It reads this node's own copy, whatever its age, because a use needs no fresh value.</summary>
    public void Refresh(string key)
    {
        var name = Name(key);
        kv.WaitUntilOpen();
        kv.TryReadInPlace(name, null, Touch, out _);
    }

    public async Task RefreshAsync(string key, CancellationToken token = default)
    {
        var name = Name(key);
        token.ThrowIfCancellationRequested();
        await kv.OpenAsync(token).ConfigureAwait(false);
        kv.TryReadInPlace(name, null, Touch, out _);
    }

    public void Set(string key, byte[] value, DistributedCacheEntryOptions options) =>
        Write(key, NotNull(value), options);

    public async Task SetAsync(string key, byte[] value, DistributedCacheEntryOptions options, CancellationToken token = default) =>
        await WriteAsync(key, NotNull(value), options, token).ConfigureAwait(false);

    public void Set(string key, ReadOnlySequence<byte> value, DistributedCacheEntryOptions options) =>
        WithWhole(value, (Cache: this, Key: key, Options: options),
            static (call, whole) => call.Cache.Write(call.Key, whole, call.Options));

    public async ValueTask SetAsync(string key, ReadOnlySequence<byte> value, DistributedCacheEntryOptions options,
        CancellationToken token = default) =>
        await WithWhole(value, (Cache: this, Key: key, Options: options, Token: token),
            static (call, whole) => call.Cache.WriteAsync(call.Key, whole, call.Options, call.Token)).ConfigureAwait(false);

    public void Remove(string key)
    {
        var name = Name(key);
        RefuseIfLeaderless();
        kv.Delete(name);
    }

    public async Task RemoveAsync(string key, CancellationToken token = default)
    {
        var name = Name(key);
        RefuseIfLeaderless();
        await kv.DeleteAsync(name, default, token).ConfigureAwait(false);
    }

    private ValueTask<KvReadResult<TResult>> ReadAsync<TState, TResult>(string key, TState state, KvReader<TState, TResult> read,
        CancellationToken token) =>
        kv.ReadAsync(Name(key), state, read, _reading, token);

    /// <summary>
    /// Writes a sequence: its segments are copied into a rented buffer. <paramref name="write"/> has copied the value into a command when
    /// it returns.
    /// </summary>
    private TResult WithWhole<TCall, TResult>(in ReadOnlySequence<byte> value, TCall call, Func<TCall, ReadOnlyMemory<byte>, TResult> write)
    {
        if (value.IsSingleSegment)
            return write(call, value.First);
        var maxValueBytes = kv.Limits.MaxValueBytes;
        if (value.Length > maxValueBytes)
            throw new RaftKvLimitExceededException(nameof(RaftKvOptions.MaxValueBytes), value.Length, maxValueBytes);
        var length = (int)value.Length;
        var whole = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            value.CopyTo(whole);
            return write(call, whole.AsMemory(0, length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(whole);
        }
    }

    private ValueTask<KvWriteResult> WriteAsync(string key, ReadOnlyMemory<byte> value, DistributedCacheEntryOptions entry,
        CancellationToken token)
    {
        ArgumentNullException.ThrowIfNull(entry);
        RefuseIfLeaderless();
        return kv.SetAsync(Name(key), value, Lifetime(entry), token);
    }

    /// <summary>As <see cref="WriteAsync"/>, and blocks until it is done.</summary>
    private KvWriteResult Write(string key, ReadOnlyMemory<byte> value, DistributedCacheEntryOptions entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        RefuseIfLeaderless();
        return kv.Set(Name(key), value, Lifetime(entry));
    }

    /// <summary>
    /// Reads may have been stale: an entry computed from them must not wait here for a leader and then replace a newer one.
    /// </summary>
    private void RefuseIfLeaderless()
    {
        if (_reading.StaleWithoutLeader)
            kv.ThrowIfLeaderless();
    }

    private KvSetOptions Lifetime(DistributedCacheEntryOptions entry)
    {
        var hasNone = entry.AbsoluteExpiration is null && entry.AbsoluteExpirationRelativeToNow is null && entry.SlidingExpiration is null;
        return new KvSetOptions
        {
            TimeToLive = AtMost(entry.AbsoluteExpirationRelativeToNow),
            ExpiresAt = entry.AbsoluteExpirationRelativeToNow is null ? entry.AbsoluteExpiration : null,
            SlidingExpiration = AtMost(hasNone ? _defaultSliding : entry.SlidingExpiration),
        };
    }

    /// <summary>Applications often express "for ever" by a time that is longer than the store allows.</summary>
    private static TimeSpan? AtMost(TimeSpan? time) => time > Longest ? Longest : time;

    private static ReadOnlyMemory<byte> NotNull(byte[] value)
    {
        ArgumentNullException.ThrowIfNull(value);
        return value;
    }

    private string Name(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return _prefix + key;
    }
}
