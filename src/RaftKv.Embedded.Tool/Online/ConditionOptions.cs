using System.CommandLine;

namespace RaftKv.Embedded.Tool.Online;

/// <summary>The condition of a write, and its idempotency key.</summary>
internal sealed class ConditionOptions
{
    private readonly Option<long?> _version = new("--if-version") { Description = "Only while the key has this version" };
    private readonly Option<bool> _exists = new("--if-exists") { Description = "Only if the key exists" };
    private readonly Option<bool> _absent = new("--if-absent") { Description = "Only if the key does not exist" };
    private readonly Option<string?> _once = new("--idempotency-key")
    {
        Description = "A text that is new for every write; repeated with the same one, the write takes effect once. "
            + "Use it to repeat a command after exit code 3",
    };

    /// <param name="command">The command that gets the options.</param>
    /// <param name="mayBeNew">Whether the write can create the key.</param>
    public ConditionOptions(Command command, bool mayBeNew)
    {
        command.Add(_version);
        command.Add(_exists);
        if (mayBeNew)
            command.Add(_absent);
        command.Add(_once);
        command.Validators.Add(result =>
        {
            if (new Option[] { _version, _exists, _absent }.Count(option => result.GetResult(option) is not null) > 1)
                result.AddError("Give at most one condition.");
        });
    }

    public ApiRequest AddTo(ParseResult parsed, ApiRequest request)
    {
        var headers = new List<(string Name, string Value)>();
        if (parsed.GetValue(_version) is { } version)
            headers.Add(("If-Match", $"\"{version}\""));
        if (parsed.GetValue(_exists))
            headers.Add(("If-Match", "*"));
        if (parsed.GetValue(_absent))
            headers.Add(("If-None-Match", "*"));
        var once = parsed.GetValue(_once);
        if (once is not null)
            headers.Add(("Idempotency-Key", once));
        return request with { Headers = headers, IsRepeatable = once is not null };
    }
}
