using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace RaftKv.Samples.WebApi;

/// <summary>The OpenAPI document at <c>/openapi/v1.json</c>, in the form that most client generators handle.</summary>
internal static class ClientFriendlyDocument
{
    private const string Bytes = "application/octet-stream";

    public static void Configure(OpenApiOptions options)
    {
        options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_0;
        // Some generators take a body for JSON when its schema is a reference, even to bytes.
        options.AddOperationTransformer(static (operation, _, _) =>
        {
            Inline(operation.RequestBody?.Content);
            foreach (var (_, answer) in operation.Responses ?? [])
                Inline(answer.Content);
            return Task.CompletedTask;
        });
    }

    private static void Inline(IDictionary<string, OpenApiMediaType>? content)
    {
        if (content?.TryGetValue(Bytes, out var media) == true)
            media.Schema = new OpenApiSchema { Type = JsonSchemaType.String, Format = "binary" };
    }
}
