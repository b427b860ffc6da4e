using System.Runtime.CompilerServices;

namespace RaftKv.Testing;

/// <summary>
/// Settings of the runtime for the processes that the tests start. They live for seconds: compiling a method again with all optimizations
/// pays only after many more calls than the default of 30.
/// </summary>
internal static class ShortLivedProcesses
{
    private const string HexadecimalCalls = "400";

    [ModuleInitializer]
    public static void Configure()
    {
        Environment.SetEnvironmentVariable("DOTNET_TC_CallCountThreshold", HexadecimalCalls);
        // The profile that a process collects for later compilations costs more time than it saves.
        Environment.SetEnvironmentVariable("DOTNET_TieredPGO", "0");
    }
}
