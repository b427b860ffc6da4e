namespace RaftKv.Embedded.Node;

/// <summary>Resolves <see cref="RaftKvBootstrap.Auto"/>.</summary>
internal static class BootstrapMode
{
    public static RaftKvBootstrap Of(RaftKvOptions options)
    {
        if (options.IsRestoreDeclined)
            return RaftKvBootstrap.Never;
        if (options.Bootstrap != RaftKvBootstrap.Auto)
            return options.Bootstrap;
        if (options.InitialMembers.Count > 0)
            return options.IsInitialMember ? RaftKvBootstrap.InitialMembers : RaftKvBootstrap.Never;
        return SuggestsPeers(options) ? RaftKvBootstrap.Never : RaftKvBootstrap.SingleNode;
    }

    /// <summary>
    /// A forgotten list of members must not create a second store: a node that peers are meant to reach does not bootstrap a cluster of its
    /// own.
    /// </summary>
    private static bool SuggestsPeers(RaftKvOptions options) =>
        options.Seeds.Count > 0 || options.AdvertiseAddress is not null || options.ListenAddress != RaftKvOptions.DefaultListenAddress;
}
