using Microsoft.Extensions.Logging;

namespace RaftKv.Embedded.Transport;

/// <summary>Makes the settings of the transport from the options of a node.</summary>
internal static class TransportSetup
{
    public static TransportOptions From(RaftKvOptions options, Guid incarnation, ILogger log) => new()
    {
        ListenAddress = options.ListenAddress,
        AdvertiseAddress = options.AdvertiseAddress,
        Tls = options.PeerTls is { } tls ? new PeerTls(tls, log) : null,
        Secrets = SecretsOf(options.PeerSecrets),
        Logger = log,
        Seed = BitConverter.ToUInt64(incarnation.ToByteArray()),
    };

    public static IReadOnlyList<PeerSecret> SecretsOf(IEnumerable<string> secrets) => [.. secrets.Select(secret => new PeerSecret(secret))];
}
