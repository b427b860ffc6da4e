using System.Net;
using System.Text.Json;

namespace RaftKv.Embedded.Tool.Online;

/// <summary>Turns an answer that is no success into the failure of the command.</summary>
internal static class ApiFailure
{
    /// <param name="request">The request.</param>
    /// <param name="response">The answer.</param>
    /// <param name="body">The body of the answer: problem details when a node answered, anything else when another server did.</param>
    public static ToolException Of(ApiRequest request, HttpResponseMessage response, ReadOnlySpan<byte> body)
    {
        var (code, detail) = Problem(body);
        if (code is null)
            return WithoutCode(request, response);
        return new ToolException(ExitCodeOf(code, response), code, detail);
    }

    /// <summary>Whether another node may serve the same request.</summary>
    public static bool MayTryAnother(ApiRequest request, ToolException failure, HttpStatusCode status) => failure.ExitCode switch
    {
        ExitCode.OutcomeUnknown => request.IsRepeatable,
        ExitCode.Unavailable => true,
        _ => status is HttpStatusCode.ServiceUnavailable || failure.Code == "faulted",
    };

    /// <returns>The code and the text of problem details; no code when the body is no problem details.</returns>
    public static (string? Code, string Detail) Problem(ReadOnlySpan<byte> body)
    {
        try
        {
            var reader = new Utf8JsonReader(body);
            using var problem = JsonDocument.ParseValue(ref reader);
            return problem.RootElement.ValueKind == JsonValueKind.Object && problem.RootElement.TryGetProperty("code", out var code)
                ? (code.GetString(), problem.RootElement.TryGetProperty("detail", out var detail) ? detail.GetString() ?? "" : "")
                : (null, "");
        }
        catch (JsonException)
        {
            return (null, "");
        }
    }

    private static int ExitCodeOf(string code, HttpResponseMessage response) => code switch
    {
        // The successor may still take over, and the learner may still become a voter.
        "outcome_unknown" or "transfer_timed_out" or "learner_not_ready" => ExitCode.OutcomeUnknown,
        "key_not_found" => ExitCode.NoSuchKey,
        "precondition_failed" => ExitCode.ConditionNotMet,
        "request_timeout" => ExitCode.Unavailable,
        _ => response.Headers.RetryAfter is null ? ExitCode.Refused : ExitCode.Unavailable,
    };

    // The answer is not from a node, but from a proxy, a middleware of the app, or another server.
    private static ToolException WithoutCode(ApiRequest request, HttpResponseMessage response)
    {
        var status = (int)response.StatusCode;
        var where = $"{response.RequestMessage?.RequestUri?.GetLeftPart(UriPartial.Path)} answered {status} ({response.ReasonPhrase})";
        return status switch
        {
            401 or 403 => new(ExitCode.Refused, "forbidden", $"{where}: the app asks for authorization. Give --token or --header."),
            404 or 405 => new(ExitCode.Refused, "not_a_node",
                $"{where}: there is no such route. Check the base path in --url, and what the app maps."),
            >= 300 and < 400 => new(ExitCode.Refused, "redirected",
                $"{where}, a redirection: the app asks for a sign-in, or the address has changed."),
            >= 500 when request.IsRead => new(ExitCode.Unavailable, "server_error", $"{where}."),
            >= 500 => new(ExitCode.OutcomeUnknown, "outcome_unknown", $"{where}. The change may have been made."),
            _ => new(ExitCode.Refused, "refused", $"{where}. Nothing was changed."),
        };
    }
}
