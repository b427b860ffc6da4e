using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RaftKv.Embedded.Client;
using RaftKv.Embedded.Hosting;

namespace RaftKv.Embedded.DataProtection;

/// <summary>Keeps the keys of Data Protection in the cluster.</summary>
public static class RaftKvDataProtectionBuilderExtensions
{
    /// <summary>Where the keys are unless <see cref="PersistKeysToRaftKv"/> is told otherwise.</summary>
    public const string DefaultKeyPrefix = "data-protection/";

    /// <summary>
    /// Keeps the keys in the replicated store, so that every node unprotects what any node protected. Nodes that start at once on an empty
    /// store create exactly one first key:
    /// the second one is refused by a condition and uses the key of the first.
    /// </summary>
    /// <remarks>
    /// <para>Keys are read linearizably, when the host starts and about once a day from then on. What a process has read it keeps. Once no
    /// leader has been known for eight election timeouts
    /// (2 s at least), keys are read from this node's own copy (<see cref="KvScanOptions.StaleWithoutLeader"/>): a process that starts
    /// without a quorum serves, with the keys that its node
    /// had. It hears of keys and revocations that were made elsewhere meanwhile at its next reading. A node that has never had a copy, and
    /// one that needs a new key, needs a leader.</para>
    /// <para>They lie in the log, the snapshots and the backups as they are, unless they are encrypted, for example with
    /// <c>ProtectKeysWithCertificate</c>. All nodes need the same
    /// <c>SetApplicationName</c>.</para>
    /// <para>The application cannot write below <c>keys/</c> and <c>revocations/</c> of the prefix itself (<see
    /// cref="RaftKvReservedKeyException"/>).</para>
    /// </remarks>
    /// <param name="builder">What <c>services.AddDataProtection()</c> returned. <c>AddRaftKv</c> must be called too.</param>
    /// <param name="keyPrefix">What their keys in the store begin with; different ones for applications that share a cluster but not their
    /// secrets.</param>
    /// <param name="name">
    /// The name that <c>AddKeyedRaftKv</c> was given; <c>null</c>, the default, for the cluster of <c>AddRaftKv</c>.
    /// </param>
    /// <returns><paramref name="builder"/>.</returns>
    /// <exception cref="ArgumentException">The prefix is empty.</exception>
    public static IDataProtectionBuilder PersistKeysToRaftKv(
        this IDataProtectionBuilder builder, string keyPrefix = DefaultKeyPrefix, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(keyPrefix);
        foreach (var folder in new[] { RaftKvXmlRepository.KeysFolder, RaftKvXmlRepository.RevocationsFolder })
        {
            var reserved = new ReservedPrefix(keyPrefix + folder, "the key ring of Data Protection",
                "Use IKeyManager. An element that cannot be read is deleted with RaftKvKeyRing.DeleteElementAsync.", IsSecret: true);
            builder.Services.AddOf(name, _ => reserved);
        }
        builder.Services.AddSingleton<IConfigureOptions<KeyManagementOptions>>(services => new ConfigureOptions<KeyManagementOptions>(o =>
            o.XmlRepository = new RaftKvXmlRepository(
                services.Of<IDistributedKv>(name), keyPrefix, services.GetRequiredService<ILogger<RaftKvXmlRepository>>())));
        return builder;
    }
}
