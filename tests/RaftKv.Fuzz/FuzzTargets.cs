using RaftKv.Fuzz.Targets;

namespace RaftKv.Fuzz;

/// <summary>The targets by name.</summary>
internal static class FuzzTargets
{
    public static IReadOnlyDictionary<string, Func<FuzzTarget>> All { get; } = new Dictionary<string, Func<FuzzTarget>>
    {
        ["handshake"] = () => new HandshakeTarget(),
        ["message"] = () => new MessageTarget(),
        ["unknown-peer"] = () => new UnauthenticatedPeerTarget(hasSecret: false),
        ["peer-without-secret"] = () => new UnauthenticatedPeerTarget(hasSecret: true),
        ["stream"] = () => new StreamTarget(),
        ["command"] = () => new CommandTarget(),
        ["session"] = () => new SessionTarget(),
        ["configuration"] = () => new ConfigurationTarget(),
        ["identity"] = () => new IdentityTarget(),
        ["wal"] = () => new WalTarget(),
        ["snapshot"] = () => new SnapshotTarget(),
    };
}
