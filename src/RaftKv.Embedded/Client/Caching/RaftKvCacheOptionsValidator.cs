using Microsoft.Extensions.Options;
using RaftKv.Embedded.StateMachine;

namespace RaftKv.Embedded.Client;

/// <summary>Reports all errors in the options of a cache together, when the host starts.</summary>
internal sealed class RaftKvCacheOptionsValidator : IValidateOptions<RaftKvCacheOptions>
{
    public ValidateOptionsResult Validate(string? name, RaftKvCacheOptions options)
    {
        var errors = new List<string>();
        if (options.KeyPrefix is null)
            errors.Add("KeyPrefix is missing; to have none, set it to \"\".");
        if (!Enum.IsDefined(options.Consistency))
            errors.Add($"Consistency is {(int)options.Consistency}; it must be Linearizable, LeaderLease or Stale.");
        if (options.DefaultSlidingExpiration is { } sliding
            && (sliding < TimeSpan.FromMilliseconds(1) || sliding > TimeSpan.FromMilliseconds(KvLifetime.MaxMs)))
            errors.Add($"DefaultSlidingExpiration is {sliding}; it must be between 1 ms and 100 years, or null.");
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }
}
