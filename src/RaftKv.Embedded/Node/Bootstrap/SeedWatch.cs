using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Node;

/// <summary>
/// Looks for the members of this node's cluster at the seeds while it has no leader: after all addresses have changed at once, the seeds
/// may be the only addresses known that are right.
/// </summary>
internal sealed class SeedWatch(
    RaftKvOptions options, LocalIdentity identity, ContactPoints contacts, ITransport transport, Replica replica, CancellationToken ended)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ProbeTimeout = TimeSpan.FromSeconds(1);

    public void Run()
    {
        while (!ended.WaitHandle.WaitOne(Pause))
        {
            if (identity.ClusterId != Guid.Empty && !replica.IsLed)
                TryLook();
        }
    }

    private void TryLook()
    {
        try
        {
            CheckSeeds();
        }
        catch (Exception)
        {
            // An exception would end the process. The seeds are asked again after the pause.
        }
    }

    private void CheckSeeds()
    {
        var isNews = false;
        foreach (var seed in options.Seeds)
        {
            if (ended.IsCancellationRequested)
                return;
            if (transport.TryProbe(seed, ProbeTimeout, ended) is not { } hello || hello.ClusterId != identity.ClusterId
                || hello.NodeId == options.NodeId)
                continue;
            // First the address at which it was reached, then its own, because the address noted last is tried first.
            isNews |= contacts.Note(hello.NodeId, seed);
            if (hello.Address.Length > 0 && hello.Address != seed)
                isNews |= contacts.Note(hello.NodeId, hello.Address);
        }
        if (isNews)
            replica.Post(new AddressesLearned());
    }
}
