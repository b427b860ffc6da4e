using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Consensus;

/// <summary>
/// What a change of members means for the configuration in force: the configuration to append, or why there is nothing to append.
/// </summary>
/// <param name="Target">The configuration to append; <c>null</c> when the request ends without one.</param>
/// <param name="Joining">The member whose promotion the caller waits for.</param>
/// <param name="Error">Why the change is refused.</param>
/// <param name="Message">The text for the caller when there is nothing to append.</param>
/// <param name="Retry">The refusal holds only for this moment or this node: the caller may ask again.</param>
internal readonly record struct ChangePlan(
    ClusterConfiguration? Target, string? Joining, RaftKvMembershipError? Error, string Message, bool Retry = false)
{
    public static ChangePlan Append(ClusterConfiguration target) => new(target, null, null, "");

    public static ChangePlan AppendAndAwait(ClusterConfiguration target, string joining) => new(target, joining, null, "");

    /// <summary>The member is there already and only has to catch up.</summary>
    public static ChangePlan Await(string joining) => new(null, joining, null, "");

    public static ChangePlan Done(string message) => new(null, null, null, message);

    public static ChangePlan Refuse(RaftKvMembershipError error, string message) => new(null, null, error, message);
}
