namespace RaftKv.Embedded.Tool;

/// <summary>Why a command failed: an exit code, a stable code for programs, and a text for people.</summary>
internal sealed class ToolException(int exitCode, string code, string message, Exception? inner = null) : Exception(message, inner)
{
    public int ExitCode => exitCode;

    public string Code => code;

    public static ToolException Usage(string message) => new(Tool.ExitCode.Usage, "usage", message);
}
