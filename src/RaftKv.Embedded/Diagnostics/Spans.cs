using System.Diagnostics;

namespace RaftKv.Embedded.Diagnostics;

/// <summary>
/// Begins and ends the spans of calls, with attributes as in OpenTelemetry's conventions for databases. Runs on the caller's thread.
/// Listeners are the application's code: what they throw is dropped, and the caller's own activity is the current one again afterwards.
/// </summary>
internal static class Spans
{
    private const string Product = "raftkv";

    /// <summary>Begins a span under the caller's; <c>null</c> when it is not recorded.</summary>
    public static Activity? Start(
        ActivitySource? source, string name, ActivityKind kind, KeyValuePair<string, object?>[] identity, string operation)
    {
        if (source is null || !source.HasListeners())
            return null;
        var callers = Activity.Current;
        try
        {
            KeyValuePair<string, object?>[] attributes =
                [new("db.system.name", Product), new("db.operation.name", operation), .. identity];
            return source.StartActivity(name, kind, parentContext: default, attributes);
        }
        catch (Exception)
        {
            // A listener threw, and the call is not traced. The activity may be the current one already.
            Activity.Current = callers;
            return null;
        }
    }

    /// <summary>Ends a span.</summary>
    /// <param name="span">The span.</param>
    /// <param name="outcome">How the call ended, in a word.</param>
    /// <param name="error">The exception that the caller gets; <c>null</c> when the call succeeded.</param>
    public static void End(Activity span, string outcome, Exception? error)
    {
        try
        {
            span.SetTag("raftkv.outcome", outcome);
            if (error is not null)
                Fail(span, outcome, error);
            span.Dispose();
        }
        catch (Exception)
        {
            // A listener threw.
        }
        if (Activity.Current == span)
            Activity.Current = span.Parent;
    }

    // Not the message of the exception: it may name a key.
    private static void Fail(Activity span, string outcome, Exception error)
    {
        var reason = error is RaftKvUnavailableException unavailable ? unavailable.Reason.ToString() : null;
        if (reason is not null)
            span.SetTag("db.response.status_code", reason);
        span.SetTag("error.type", reason ?? error.GetType().FullName);
        span.SetStatus(ActivityStatusCode.Error, $"{outcome}: {reason ?? error.GetType().Name}");
    }
}
