using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace RaftKv.Embedded.Http;

/// <summary>The end of an answer that has none of its own.</summary>
internal static class HttpShutdown
{
    /// <summary>Cancelled when the client goes, and when the host stops: a server that stops waits for its requests.</summary>
    public static CancellationTokenSource Of(HttpContext context) => CancellationTokenSource.CreateLinkedTokenSource(
        context.RequestAborted, context.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping);
}
