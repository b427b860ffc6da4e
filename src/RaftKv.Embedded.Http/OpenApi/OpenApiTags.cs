namespace RaftKv.Embedded.Http.OpenApi;

/// <summary>The headings of an OpenAPI document.</summary>
internal static class OpenApiTags
{
    public const string Keys = "Keys";
    public const string Cluster = "Cluster";
    public const string Health = "Health";
    public const string Article = "The article's routes";
}
