namespace RaftKv.Embedded;

/// <summary>The leader services of this process: a singleton, keyed by the name of the cluster with <c>AddKeyedRaftKv</c>.</summary>
public interface IRaftKvLeaderServices
{
    /// <summary>The names of all services that were added in this process.</summary>
    IReadOnlyCollection<string> Names { get; }

    /// <summary>Tells which node runs a service, and since when.</summary>
    /// <param name="name">The name of the service; it need not have been added in this process.</param>
    /// <param name="cancellationToken">Stops the wait.</param>
    /// <returns>Linearizable: the state at some moment during the call.</returns>
    /// <exception cref="ArgumentException">The name is empty or cannot be part of a key.</exception>
    /// <exception cref="RaftKvException">The read failed.</exception>
    ValueTask<RaftKvLeaderServiceStatus> GetStatusAsync(string name, CancellationToken cancellationToken = default);
}
