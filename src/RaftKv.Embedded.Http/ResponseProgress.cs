using Microsoft.AspNetCore.Http;

namespace RaftKv.Embedded.Http;

/// <summary>
/// Whether a part of a streamed response was written. The response itself does not tell: a middleware that compresses or buffers may hold
/// the part back, and an error written now would follow it.
/// </summary>
internal static class ResponseProgress
{
    private static readonly object Begun = new();

    /// <summary>Called when the handler writes the first part of a response: from then on a failure aborts the connection.</summary>
    public static void Begin(HttpContext context) => context.Items[Begun] = Begun;

    public static bool HasBegun(HttpContext context) => context.Response.HasStarted || context.Items.ContainsKey(Begun);
}
