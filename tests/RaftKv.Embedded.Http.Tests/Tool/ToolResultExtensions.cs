using System.Text.Json;
using RaftKv.TestNode.Driver;
using Xunit;

namespace RaftKv.Embedded.Http.Tests.Tool;

/// <summary>Reads the output of the tool with <c>--json</c>.</summary>
internal static class ToolResultExtensions
{
    /// <summary>The one document on the standard output.</summary>
    public static JsonElement Json(this ToolResult result)
    {
        Assert.Equal("", result.Errors);
        return JsonDocument.Parse(result.Output).RootElement;
    }

    /// <summary>The code of the error, whose exit code is that of the process.</summary>
    public static string? ErrorCode(this ToolResult result)
    {
        var error = result.Json().GetProperty("error");
        Assert.Equal(result.ExitCode, error.GetProperty("exitCode").GetInt32());
        Assert.NotEmpty(error.GetProperty("message").GetString()!);
        return error.GetProperty("code").GetString();
    }
}
