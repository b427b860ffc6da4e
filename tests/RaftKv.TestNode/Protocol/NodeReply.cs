using System.Text.Json;
using RaftKv.Embedded;

namespace RaftKv.TestNode.Protocol;

/// <summary>The answer to the request of the same id. Id 0 is the start itself: it worked, or why it did not.</summary>
public sealed record NodeReply(long Id, JsonElement? Result, NodeError? Error)
{
    public static NodeReply Of(long id, object? result) => new(id, JsonSerializer.SerializeToElement(result, NodeJson.Options), null);

    public static NodeReply Failed(long id, Exception exception) => new(id, null, NodeError.Of(exception));
}

/// <summary>An exception, with the properties of its type.</summary>
/// <param name="Type">The name of the exception's type.</param>
/// <param name="Message">Its message.</param>
/// <param name="Reason">The value of its enum (unavailable reason, storage or membership error) by name.</param>
/// <param name="Outcome">What it says about the write; <c>null</c> when it is not an exception of the library.</param>
/// <param name="Details">The whole exception as text.</param>
public sealed record NodeError(string Type, string Message, string? Reason, KvOutcome? Outcome, string Details)
{
    public static NodeError Of(Exception exception) => new(
        exception.GetType().Name,
        exception.Message,
        exception switch
        {
            RaftKvUnavailableException e => e.Reason.ToString(),
            RaftKvMembershipException e => e.Error.ToString(),
            RaftKvStorageException e => e.Error.ToString(),
            RaftKvTransactionException e => e.Error.ToString(),
            RaftKvLeaseException e => e.Error.ToString(),
            RaftKvLimitExceededException e => e.Limit,
            _ => null,
        },
        (exception as RaftKvException)?.Outcome,
        exception.ToString());
}
