namespace RaftKv.Embedded.Client;

/// <summary>Calls that are made while the replica is opened: they wait for it, and are then as any other. What they were given is theirs from the first moment on.</summary>
internal sealed partial class DistributedKv
{
    private async ValueTask<KvWriteResult> SetOnceOpenAsync(string key, ReadOnlyMemory<byte> value, KvSetOptions setOptions, CancellationToken cancellationToken)
    {
        Check(key);
        await access.HostAsync(cancellationToken).ConfigureAwait(false);
        return await SetAsync(key, value, setOptions, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<KvWriteResult> DeleteOnceOpenAsync(string key, KvCondition when, CancellationToken cancellationToken)
    {
        Check(key);
        await access.HostAsync(cancellationToken).ConfigureAwait(false);
        return await DeleteAsync(key, when, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<KvGetResult> GetOnceOpenAsync(string key, KvReadOptions readOptions, CancellationToken cancellationToken)
    {
        Check(key);
        await access.HostAsync(cancellationToken).ConfigureAwait(false);
        return await GetAsync(key, readOptions, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<KvReadResult<TResult>> ReadOnceOpenAsync<TState, TResult>(string key, TState state, KvReader<TState, TResult> read, KvReadOptions readOptions, CancellationToken cancellationToken)
    {
        Check(key);
        await access.HostAsync(cancellationToken).ConfigureAwait(false);
        return await ReadAsync(key, state, read, readOptions, cancellationToken).ConfigureAwait(false);
    }
}
