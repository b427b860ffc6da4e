using System.Net.Http.Headers;
using System.Text.Json;

namespace RaftKv.Embedded.Tool.Online;

/// <summary>The whole answer of a node to a request that succeeded.</summary>
internal sealed record ApiAnswer(HttpResponseHeaders Headers, byte[] Body)
{
    /// <exception cref="ToolException">The body is not JSON: the address is not that of a node.</exception>
    public JsonElement Json()
    {
        try
        {
            return JsonDocument.Parse(Body).RootElement;
        }
        catch (JsonException e)
        {
            throw new ToolException(ExitCode.Refused, "not_a_node",
                "The answer is not JSON: the address is not that of a node. Check --url.", e);
        }
    }

    public string? Header(string name) => Headers.TryGetValues(name, out var values) ? values.First() : null;
}
