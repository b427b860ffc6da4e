namespace RaftKv.Embedded.Http;

/// <summary>
/// Who may use the routes. Keys and changes of the cluster are closed until something says who may use them: a policy here,
/// <c>RequireAuthorization</c> on the mapped group, a fallback policy of the app, or <see cref="AllowAnonymous"/>. Until then they answer
/// 403.
/// </summary>
public class RaftKvHttpOptions
{
    /// <summary>
    /// The name of the authorization policy of the routes that read keys, write keys or change the cluster, where no policy below is more
    /// specific. The default value is <c>null</c>.
    /// </summary>
    public string? AuthorizationPolicy { get; set; }

    /// <summary>
    /// The name of the policy of the routes that read keys: values, listings and watches. The default value is <c>null</c>:
    /// <see cref="AuthorizationPolicy"/>.
    /// </summary>
    public string? ReadPolicy { get; set; }

    /// <summary>
    /// The name of the policy of the routes that write keys. The default value is <c>null</c>: <see cref="AuthorizationPolicy"/>.
    /// </summary>
    public string? WritePolicy { get; set; }

    /// <summary>
    /// The name of the policy of the routes that change the members, transfer the leadership, write a snapshot or download a backup. The
    /// default value is <c>null</c>: <see cref="AuthorizationPolicy"/>.
    /// </summary>
    public string? AdminPolicy { get; set; }

    /// <summary>
    /// The name of the policy of the routes that tell the status: <c>/v1/cluster</c>, <c>/raft/stats</c> and <c>/debug/runtime</c>. The
    /// default value is <c>null</c>: these routes are open, unless the app has a fallback policy.
    /// </summary>
    public string? StatusPolicy { get; set; }

    /// <summary>
    /// Opens the routes without a policy to every client that reaches the port: they read and write every key and add and remove members.
    /// Logged as a warning. The default value is <c>false</c>. Meant for trials on one machine, and for apps that guard the port by other
    /// means. A fallback policy of the app still applies. Without authentication a request over the loopback interface must name a loopback
    /// host, this machine or an IP address, unless the app filters hosts itself (<c>AllowedHosts</c>, <c>RequireHost</c>).
    /// </summary>
    public bool AllowAnonymous { get; set; }

    internal bool OpensKeysOrCluster => AllowAnonymous || (AuthorizationPolicy ?? ReadPolicy ?? WritePolicy ?? AdminPolicy) is not null;
}
