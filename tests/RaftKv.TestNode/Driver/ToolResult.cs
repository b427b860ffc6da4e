using System.Text;

namespace RaftKv.TestNode.Driver;

/// <summary>The result of a run of the tool.</summary>
/// <param name="ExitCode">Its exit code.</param>
/// <param name="Output">The bytes of its standard output.</param>
/// <param name="Errors">Its standard error.</param>
public sealed record ToolResult(int ExitCode, byte[] Output, string Errors)
{
    public string Text => Encoding.UTF8.GetString(Output);
}
