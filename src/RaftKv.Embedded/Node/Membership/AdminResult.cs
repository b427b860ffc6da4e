using RaftKv.Embedded.Log;
using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Node;

/// <summary>How an <see cref="AdminCall"/> ended.</summary>
/// <param name="Error"><c>null</c> is success.</param>
/// <param name="Message">The text for the caller.</param>
/// <param name="Retry">There is no verdict of a leader: ask again. Unless <paramref name="Unknown"/>, nothing happened.</param>
/// <param name="Unknown">A leader may have carried it out, or may still.</param>
internal readonly record struct AdminResult(RaftKvMembershipError? Error, string Message, bool Retry = false, bool Unknown = false)
{
    public const int Success = -1;
    public const int NotLeader = -2;

    /// <summary>
    /// From feature level <see cref="FeatureLevels.Safeguards"/> on; older nodes are told <see cref="NotLeader"/>.
    /// </summary>
    public const int OutcomeUnknown = -3;

    public static AdminResult AskLeader => new(null, "no leader is known", Retry: true);

    public static AdminResult NoAnswer => new(null, "the leader was lost, or did not answer", Retry: true, Unknown: true);

    public AdminReply ToReply(long id, bool knowsUnknown) =>
        new(id, Unknown && knowsUnknown ? OutcomeUnknown : Retry ? NotLeader : Error is { } error ? (int)error : Success, Message);

    public static AdminResult From(AdminReply reply) => reply.Error switch
    {
        Success => new(null, reply.Message),
        NotLeader => new(null, reply.Message, Retry: true),
        OutcomeUnknown => new(null, reply.Message, Retry: true, Unknown: true),
        _ => new((RaftKvMembershipError)reply.Error, reply.Message),
    };
}
