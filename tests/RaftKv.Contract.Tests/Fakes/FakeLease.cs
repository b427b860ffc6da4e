using RaftKv.Embedded;

namespace RaftKv.Contract.Tests.Fakes;

/// <summary>A lease that a test can lose.</summary>
internal sealed class FakeLease(long id, TimeSpan timeToLive, Action<long> end) : KvLease
{
    private readonly CancellationTokenSource _lost = new();

    public override long Id => id;

    public override TimeSpan TimeToLive => timeToLive;

    public override CancellationToken LostToken => _lost.Token;

    public void Lose() => _lost.Cancel();

    public override ValueTask RevokeAsync(CancellationToken cancellationToken = default)
    {
        Lose();
        end(id);
        return default;
    }

    public override ValueTask DisposeAsync() => RevokeAsync();
}
