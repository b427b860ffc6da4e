using Microsoft.AspNetCore.Http;

namespace RaftKv.Embedded.Http;

/// <summary>An error as the client sees it. Status and code are stable; the text is for people.</summary>
/// <param name="Status">The HTTP status code.</param>
/// <param name="Code">What happened, for programs.</param>
/// <param name="Error">What happened, in words.</param>
/// <param name="Field">The field, parameter or header that is wrong, for status 400.</param>
/// <param name="RetryAfter">Whether the same request may succeed a moment later.</param>
internal sealed record Problem(int Status, string Code, string Error, string? Field = null, bool RetryAfter = false)
{
    /// <summary>
    /// The key's current version, where a condition on it did not hold; <see cref="KvVersion.None"/> when it does not exist.
    /// </summary>
    public KvVersion? CurrentVersion { get; init; }

    /// <summary>The limit that was exceeded, in bytes.</summary>
    public long? Limit { get; init; }

    /// <summary>The lowest version at which a watch can still begin.</summary>
    public KvVersion? CompactVersion { get; init; }

    /// <summary>What exceeded it, in bytes, where that is known.</summary>
    public long? Actual { get; init; }

    /// <summary>The node that serves the request is stopping.</summary>
    public static Problem Stopping { get; } = new(
        StatusCodes.Status503ServiceUnavailable, "stopped", "This node is stopping. Another node can go on.", RetryAfter: true);

    /// <summary>The app's time limit for the request has passed.</summary>
    public static Problem TimedOut(bool mayHaveWritten) => mayHaveWritten
        ? new(StatusCodes.Status504GatewayTimeout, "outcome_unknown",
            "The app's time limit for the request has passed. It is unknown whether the change was made. Read before sending it again, "
            + "or send it again with the same Idempotency-Key where the route takes one.")
        : new(StatusCodes.Status504GatewayTimeout, "request_timeout", "The app's time limit for the request has passed. Nothing was read.");

    public static Problem BadInput(string field, string error) =>
        new(StatusCodes.Status400BadRequest, "invalid_" + FieldCode(field), error, field);

    public static Problem TooLarge(string error, long limit, long? actual) =>
        new(StatusCodes.Status413PayloadTooLarge, "request_too_large", error) { Limit = limit, Actual = actual };

    /// <summary>503 says "not applied, try again", 504 "outcome unknown": a client needs this difference to retry safely.</summary>
    public static Problem From(RaftKvException e) => e switch
    {
        RaftKvOutcomeUnknownException => new(StatusCodes.Status504GatewayTimeout, "outcome_unknown", e.Message),
        RaftKvUnavailableException unavailable => From(unavailable),
        RaftKvMembershipException membership => From(membership),
        RaftKvLimitExceededException { Limit: nameof(RaftKvOptions.MaxKeyBytes) } key =>
            BadInput("key", e.Message) with { Limit = key.Maximum, Actual = key.Actual },
        RaftKvLimitExceededException value => TooLarge(e.Message, value.Maximum, value.Actual),
        RaftKvReservedKeyException => new(StatusCodes.Status403Forbidden, "reserved_key", e.Message, "key"),
        RaftKvCompactedException compacted =>
            new(StatusCodes.Status410Gone, "compacted", e.Message) { CompactVersion = compacted.OldestVersion },
        RaftKvTransactionException transaction => From(transaction),
        RaftKvStorageException { Error: RaftKvStorageError.DiskFull } =>
            new(StatusCodes.Status507InsufficientStorage, "no_space", e.Message),
        _ => new(StatusCodes.Status500InternalServerError, "storage_error", e.Message),
    };

    private static Problem From(RaftKvUnavailableException e) => e.Reason switch
    {
        RaftKvUnavailableReason.Overloaded => new(StatusCodes.Status429TooManyRequests, "too_many_requests", e.Message, RetryAfter: true),
        RaftKvUnavailableReason.NoSpace => new(StatusCodes.Status507InsufficientStorage, "no_space", e.Message),
        RaftKvUnavailableReason.Faulted => new(StatusCodes.Status500InternalServerError, "faulted", e.Message),
        var reason => new(StatusCodes.Status503ServiceUnavailable, reason switch
        {
            RaftKvUnavailableReason.NotFormed => "not_formed",
            RaftKvUnavailableReason.NoLeader => "no_leader",
            RaftKvUnavailableReason.NoQuorum => "no_quorum",
            RaftKvUnavailableReason.Stopping => "stopped",
            RaftKvUnavailableReason.NotReady => "not_ready",
            RaftKvUnavailableReason.StaleRead => "stale_read",
            RaftKvUnavailableReason.Removed => "removed",
            RaftKvUnavailableReason.FeatureNotActive => "feature_not_active",
            RaftKvUnavailableReason.Quarantined => "quarantined",
            _ => "unavailable",
        }, e.Message, RetryAfter: reason != RaftKvUnavailableReason.Removed),
    };

    private static Problem From(RaftKvTransactionException e) => e.Error switch
    {
        RaftKvTransactionError.KeyWrittenTwice => new(StatusCodes.Status400BadRequest, "duplicate_key", e.Message),
        RaftKvTransactionError.TooManyOperations or RaftKvTransactionError.TooManyKeys =>
            new(StatusCodes.Status400BadRequest, "too_many_operations", e.Message),
        RaftKvTransactionError.ResultTooLarge => new(StatusCodes.Status413PayloadTooLarge, "result_too_large", e.Message),
        _ => new(StatusCodes.Status409Conflict, "not_a_number", e.Message),
    };

    private static Problem From(RaftKvMembershipException e) => e.Error switch
    {
        RaftKvMembershipError.UnknownMember => new(StatusCodes.Status404NotFound, "member_not_found", e.Message),
        var error => new(StatusCodes.Status409Conflict, error switch
        {
            RaftKvMembershipError.ChangeInProgress => "change_in_progress",
            RaftKvMembershipError.MemberExists => "member_exists",
            RaftKvMembershipError.WouldLoseQuorum => "not_enough_started_members",
            RaftKvMembershipError.LastVoter => "last_voter",
            RaftKvMembershipError.TooOld => "too_old",
            RaftKvMembershipError.ForeignNode => "foreign_node",
            RaftKvMembershipError.NotCaughtUp => "learner_not_ready",
            RaftKvMembershipError.NotEligible => "bad_leader_transferee",
            RaftKvMembershipError.TransferTimedOut => "transfer_timed_out",
            _ => "membership_conflict",
        }, e.Message, RetryAfter: e.IsTransient),
    };

    private static string FieldCode(string field) => field.Replace('-', '_').ToLowerInvariant();
}
