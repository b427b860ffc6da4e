namespace RaftKv.Embedded.Http;

/// <summary>The request cannot be served as it is; nothing was done.</summary>
internal sealed class RequestRefusedException(Problem problem) : Exception(problem.Error)
{
    public Problem Problem { get; } = problem;

    public static RequestRefusedException BadInput(string field, string error) => new(Problem.BadInput(field, error));

    /// <summary>
    /// For an argument that the store's own checks refused. The name of the C# parameter is cut from the message: it means nothing to an
    /// HTTP client.
    /// </summary>
    public static RequestRefusedException BadInput(string field, ArgumentException e) =>
        BadInput(field, e.Message.Replace($" (Parameter '{e.ParamName}')", "", StringComparison.Ordinal));
}
