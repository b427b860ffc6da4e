using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace RaftKv.Embedded.Http;

/// <summary>Ends streamed responses, which have no end of their own.</summary>
internal static class HttpShutdown
{
    /// <summary>
    /// A source that is cancelled when the client disconnects and when the host begins to stop. A stopping server waits for its requests,
    /// so it would otherwise wait for the stream.
    /// </summary>
    public static CancellationTokenSource Of(HttpContext context) => CancellationTokenSource.CreateLinkedTokenSource(
        context.RequestAborted, context.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping);
}
