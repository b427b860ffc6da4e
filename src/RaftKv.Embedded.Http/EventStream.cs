using System.Buffers;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace RaftKv.Embedded.Http;

/// <summary>What the responses of server-sent events have in common.</summary>
internal static class EventStream
{
    /// <summary>
    /// Sets the headers and writes the first line, which makes a browser connect again after one second. Neither the server nor a proxy
    /// buffers the events.
    /// </summary>
    public static void Begin(HttpContext context)
    {
        var response = context.Response;
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-store";
        response.Headers["X-Accel-Buffering"] = "no";
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        ResponseProgress.Begin(context);
        response.BodyWriter.Write("retry: 1000\n\n"u8);
    }
}
