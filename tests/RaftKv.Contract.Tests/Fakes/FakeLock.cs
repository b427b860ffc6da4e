using RaftKv.Embedded;

namespace RaftKv.Contract.Tests.Fakes;

/// <summary>A lock that a test can lose.</summary>
internal sealed class FakeLock(string name, string key, KvVersion fencingToken, Action release) : KvLock
{
    private readonly CancellationTokenSource _lost = new();

    public override string Name => name;

    public override string Key => key;

    public override KvVersion FencingToken => fencingToken;

    public override CancellationToken LostToken => _lost.Token;

    public void Lose() => _lost.Cancel();

    public override ValueTask ReleaseAsync(CancellationToken cancellationToken = default)
    {
        release();
        Lose();
        return default;
    }

    public override ValueTask DisposeAsync() => ReleaseAsync();
}
