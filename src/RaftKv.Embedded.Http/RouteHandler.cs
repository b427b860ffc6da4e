using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace RaftKv.Embedded.Http;

/// <summary>
/// Runs the handler of a route and answers its exceptions. When a response fails after its first byte, the connection is aborted: no client
/// takes a part for the whole, whatever the middlewares around the route do with the exception.
/// </summary>
internal static class RouteHandler
{
    /// <param name="handler">The route's handler.</param>
    /// <param name="answer">Writes the error of a handler that failed before the first byte of its response.</param>
    public static RequestDelegate Create(RequestDelegate handler, Func<HttpContext, Problem, Task> answer) => async context =>
    {
        Problem problem;
        try
        {
            await handler(context);
            return;
        }
        catch (Exception) when (ResponseProgress.HasBegun(context))
        {
            context.Abort();
            throw;
        }
        catch (Exception e) when (ProblemOf(e, context) is { } known)
        {
            problem = known;
        }
        await answer(context, problem);
    };

    /// <summary>Wraps a handler: requests from pages of other sites are refused before it runs.</summary>
    public static RequestDelegate Guard(RequestDelegate handler) => async context =>
    {
        RequestHost.Check(context);
        await RequestOrigin.CheckAsync(context);
        await handler(context);
    };

    /// <returns>
    /// <c>null</c> for an exception that the route does not answer, for example the cancellation of a request whose time limit has not
    /// passed: the client has disconnected, or a middleware cancelled the request and answers it.
    /// </returns>
    private static Problem? ProblemOf(Exception exception, HttpContext context) => exception switch
    {
        RequestRefusedException refused => refused.Problem,
        RaftKvException e => Problem.From(e),
        // The server's own limits: a body that is too slow, too large or incomplete.
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } e =>
            new Problem(e.StatusCode, "request_too_large", e.Message, "body"),
        BadHttpRequestException e => new Problem(e.StatusCode, "invalid_body", e.Message, "body"),
        OperationCanceledException when IsTimedOut(context) => Problem.TimedOut(mayHaveWritten: !IsRead(context.Request)),
        OperationCanceledException when !context.RequestAborted.IsCancellationRequested && IsStopping(context) => Problem.Stopping,
        _ => null,
    };

    /// <summary>Whether the time limit of the app's request timeouts has passed.</summary>
    private static bool IsTimedOut(HttpContext context) =>
        context.Features.Get<IHttpRequestTimeoutFeature>() is { RequestTimeoutToken.IsCancellationRequested: true };

    private static bool IsStopping(HttpContext context) =>
        context.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.IsCancellationRequested;

    private static bool IsRead(HttpRequest request) => HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method);
}
