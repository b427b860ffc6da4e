using RaftKv.Embedded.Node;
using RaftKv.Embedded.StateMachine;

namespace RaftKv.Embedded.Client;

internal sealed partial class DistributedKv
{
    public ValueTask<KvTransactionResult> CommitAsync(KvTransaction transaction, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        var limits = Limits;
        reserved.ThrowIfReserved(transaction, limits.MaxKeyBytes);
        // Checked and copied before the first wait: the caller may reuse its buffers at once.
        // An absolute time is a duration from now on, by the clock of this node.
        var now = access.TryHost?.Clock.Wall ?? TimeProvider.System.GetUtcNow();
        var command = new TransactionEncoder(limits, now.ToUnixTimeMilliseconds()).Encode(transaction);
        return CommitAsync(command, cancellationToken);
    }

    private async ValueTask<KvTransactionResult> CommitAsync(byte[] command, CancellationToken cancellationToken)
    {
        var host = await access.HostAsync(cancellationToken).ConfigureAwait(false);
        var write = new TransactionWrite(command, host.Clock.Ticks + options.RequestTimeout.Ticks, Release);
        await Send(host, write, cancellationToken).ConfigureAwait(false);
        var answer = write.Result;
        var version = new KvVersion(answer.Version);
        if (answer.Payload is null)
            return new KvTransactionResult { Succeeded = answer.Status == ApplyStatus.Applied, Version = version, HasResults = false };
        var results = TransactionResult.Read(answer.Payload);
        foreach (ref var result in results.AsSpan())
        {
            var expiresAtMs = host.Replica.ToWallTime(result.Read.ExpiresAtMs);
            result = result with { Read = result.Read with { ReadAt = version, ExpiresAtMs = expiresAtMs } };
        }
        return new KvTransactionResult { Succeeded = answer.Status == ApplyStatus.Applied, Version = version, Results = results };
    }
}
