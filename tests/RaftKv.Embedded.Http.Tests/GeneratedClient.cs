using System.Reflection;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using NJsonSchema.CodeGeneration.CSharp;
using NSwag;
using NSwag.CodeGeneration.CSharp;

namespace RaftKv.Embedded.Http.Tests;

/// <summary>
/// A client that NSwag generates from the OpenAPI document, compiled and loaded. Its methods are called by name, since this project does
/// not know its types at compile time.
/// </summary>
internal sealed class GeneratedClient(object client)
{
    public static async Task<GeneratedClient> CreateAsync(string document, HttpClient http)
    {
        var settings = new CSharpClientGeneratorSettings
        {
            ClassName = "Generated",
            CSharpGeneratorSettings = { Namespace = "Generated", JsonLibrary = CSharpJsonLibrary.SystemTextJson },
        };
        var source = new CSharpClientGenerator(await OpenApiDocument.FromJsonAsync(document), settings).GenerateFile();
        var type = Compile(source).GetType("Generated.Generated", throwOnError: true)!;
        return new GeneratedClient(Activator.CreateInstance(type, http)!);
    }

    /// <summary>Calls an operation; parameters that are not named are left out. What the client throws is thrown as it is.</summary>
    public async Task<object?> CallAsync(string operation, params (string Name, object Value)[] arguments)
    {
        var method = client.GetType().GetMethods().Where(m => m.Name == operation + "Async").MaxBy(m => m.GetParameters().Length)!;
        var values = method.GetParameters().Select(p => p.ParameterType == typeof(CancellationToken) ? CancellationToken.None
            : arguments.FirstOrDefault(a => a.Name.Equals(p.Name, StringComparison.OrdinalIgnoreCase)).Value).ToArray();
        var unknown = arguments.Select(a => a.Name).Except(method.GetParameters().Select(p => p.Name!), StringComparer.OrdinalIgnoreCase);
        if (unknown.Any())
            throw new ArgumentException($"{operation} takes {string.Join(", ", method.GetParameters().Select(p => p.Name))}, and no {string.Join(", ", unknown)}.");
        var task = (Task)method.Invoke(client, values)!;
        await task;
        return task.GetType().GetProperty("Result")?.GetValue(task);
    }

    public static T Get<T>(object? value, string property) => (T)value!.GetType().GetProperty(property)!.GetValue(value)!;

    private static Assembly Compile(string source)
    {
        var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Select(path => MetadataReference.CreateFromFile(path));
        var compilation = CSharpCompilation.Create("Generated", [CSharpSyntaxTree.ParseText(source)], references, new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary));
        using var assembly = new MemoryStream();
        var result = compilation.Emit(assembly);
        if (!result.Success)
            throw new InvalidOperationException(string.Join('\n', result.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error)));
        return Assembly.Load(assembly.ToArray());
    }
}
