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
    /// <summary>The prefix of the key ring in the store, unless <see cref="PersistKeysToRaftKv"/> is given another one.</summary>
    public const string DefaultKeyPrefix = "data-protection/";

    /// <summary>
    /// Keeps the keys in the replicated store, so that every node unprotects what any node protected. Nodes that start at the same time on
    /// an empty store create exactly one first key: a condition refuses the key of the second node, which then uses that of the first.
    /// </summary>
    /// <remarks>
    /// <para>Keys are read linearizably, when the host starts and about once a day from then on. The process keeps in memory what it has
    /// read. Once no leader has been known for eight election timeouts (2 s at least), keys are read from this node's own copy
    /// (<see cref="KvScanOptions.StaleWithoutLeader"/>): a process that starts without a quorum serves with the keys of that copy. It
    /// learns of keys and revocations that other nodes made meanwhile when it reads next. A node that has no copy yet, and a node that must
    /// create a key, need a leader.</para>
    /// <para>The keys are stored unencrypted in the log, the snapshots and the backups, unless the application encrypts them, for example
    /// with <c>ProtectKeysWithCertificate</c>. All nodes need the same <c>SetApplicationName</c>.</para>
    /// <para>Below the prefix, <c>keys/</c> and <c>revocations/</c> are reserved: a write of the application there fails with
    /// <see cref="RaftKvReservedKeyException"/>.</para>
    /// </remarks>
    /// <param name="builder">What <c>services.AddDataProtection()</c> returned. <c>AddRaftKv</c> must be called too.</param>
    /// <param name="keyPrefix">What the keys of the ring begin with in the store. Applications that share a cluster but not their secrets
    /// need different prefixes.</param>
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
