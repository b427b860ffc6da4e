using System.Text.Json;

namespace RaftKv.Embedded.Tool.Output;

/// <summary>Reports why a command failed: as text on the standard error, or as <c>{"error": …}</c> on the standard output.</summary>
internal static class ToolFailure
{
    /// <returns><c>null</c> for a defect of the tool, which ends with its stack trace.</returns>
    public static ToolException? Of(Exception exception) => exception switch
    {
        ToolException failure => failure,
        OperationCanceledException e => new ToolException(ExitCode.Interrupted, "interrupted", "Interrupted. Nothing was changed.", e),
        RaftKvException { Outcome: KvOutcome.Unknown } e => new ToolException(ExitCode.OutcomeUnknown, "outcome_unknown", e.Message, e),
        RaftKvStorageException e => new ToolException(ExitCode.Refused, Snake(e.Error.ToString()), e.Message, e),
        RaftKvException e => new ToolException(ExitCode.Refused, "refused", e.Message, e),
        ArgumentException e => new ToolException(ExitCode.Refused, "invalid", e.Message, e),
        IOException or UnauthorizedAccessException => new ToolException(ExitCode.Refused, "io_error", exception.Message, exception),
        JsonException e => new ToolException(ExitCode.Refused, "invalid_json", e.Message, e),
        _ => null,
    };

    public static void Write(ToolException failure, bool asJson)
    {
        if (!asJson)
        {
            Console.Error.WriteLine($"raftkv: {failure.Message}");
            return;
        }
        JsonOutput.Write(json =>
        {
            json.WriteStartObject();
            json.WriteStartObject("error");
            json.WriteString("code", failure.Code);
            json.WriteString("message", failure.Message);
            json.WriteString("outcome", failure.ExitCode == ExitCode.OutcomeUnknown ? "unknown" : "not_applied");
            json.WriteNumber("exitCode", failure.ExitCode);
            json.WriteEndObject();
            json.WriteEndObject();
        });
    }

    private static string Snake(string name) =>
        string.Concat(name.Select((c, i) => char.IsUpper(c) ? (i > 0 ? "_" : "") + char.ToLowerInvariant(c) : c.ToString()));
}
