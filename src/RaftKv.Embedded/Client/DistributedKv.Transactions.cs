using RaftKv.Embedded.Replica;
using RaftKv.Embedded.StateMachine;

namespace RaftKv.Embedded.Client;

internal sealed partial class DistributedKv
{
    public ValueTask<KvTransactionResult> CommitAsync(KvTransaction transaction, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        // Checked and copied before the first wait: the caller may reuse its buffers at once.
        var command = new TransactionEncoder(Limits).Encode(transaction);
        var host = access.Host;
        var write = new TransactionWrite(command, host.Clock.Ticks + options.RequestTimeout.Ticks, Release);
        return AnswerAsync(write, Send(host, write, cancellationToken));
    }

    private static async ValueTask<KvTransactionResult> AnswerAsync(TransactionWrite write, ValueTask<KvWriteResult> sent)
    {
        await sent.ConfigureAwait(false);
        var answer = write.Result;
        var version = new KvVersion(answer.Version);
        if (answer.Payload is null)
            return new KvTransactionResult { Succeeded = answer.Status == ApplyStatus.Applied, Version = version, HasResults = false };
        var results = TransactionResult.Read(answer.Payload);
        foreach (ref var result in results.AsSpan())
            result = result with { Read = result.Read with { ReadAt = version } };
        return new KvTransactionResult { Succeeded = answer.Status == ApplyStatus.Applied, Version = version, Results = results };
    }
}
