namespace RaftKv.Embedded.Http;

/// <summary>The request cannot be served as it is; nothing was done.</summary>
internal sealed class RequestRefusedException(Problem problem) : Exception(problem.Error)
{
    public Problem Problem { get; } = problem;

    public static RequestRefusedException BadInput(string field, string error) => new(Problem.BadInput(field, error));
}
