namespace RaftKv.Embedded.Http;

/// <summary>
/// Who may see and change keys and members through <see cref="RaftKvEndpointRouteBuilderExtensions.MapRaftKv"/>, where one of the two must be set, and
/// through <see cref="RaftKvEndpointRouteBuilderExtensions.MapRaftKvDashboard"/>, which without them shows the status alone.
/// </summary>
public sealed class RaftKvHttpOptions
{
    /// <summary>
    /// The name of the authorization policy that the routes for keys and membership require. The default value is <c>null</c>: those
    /// routes are not mapped, unless <see cref="AllowAnonymous"/> is set.
    /// </summary>
    public string? AuthorizationPolicy { get; set; }

    /// <summary>
    /// Let whoever reaches the port read and write every key and add and remove members. Logged as a warning. The default value is
    /// <c>false</c>; for trying it out on one machine, and for apps that guard the port by other means.
    /// </summary>
    public bool AllowAnonymous { get; set; }
}
