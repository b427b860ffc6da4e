using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace RaftKv.Embedded;

/// <summary>Type information of JSON for callers that pass none.</summary>
internal static class JsonByReflection
{
    public const string Unreferenced =
        "JSON without type information needs types that trimming may remove. Use the overload that takes a JsonTypeInfo<T>.";
    public const string Dynamic =
        "JSON without type information may need code that is made at run time. Use the overload that takes a JsonTypeInfo<T>.";

    /// <param name="options"><c>null</c> is <see cref="JsonSerializerOptions.Default"/>.</param>
    [RequiresUnreferencedCode(Unreferenced)]
    [RequiresDynamicCode(Dynamic)]
    public static JsonTypeInfo<T> Of<T>(JsonSerializerOptions? options) =>
        (JsonTypeInfo<T>)(options ?? JsonSerializerOptions.Default).GetTypeInfo(typeof(T));
}
