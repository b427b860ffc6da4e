using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace RaftKv.Benchmarks.Micro;

/// <summary>Measures the parts that a call passes through one by one with BenchmarkDotNet: short jobs in this process.</summary>
internal static class Microbenchmarks
{
    public static void Run(string[] words)
    {
        var config = ManualConfig.CreateEmpty()
            .AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance))
            .AddDiagnoser(MemoryDiagnoser.Default)
            .AddColumnProvider(DefaultColumnProviders.Instance)
            .AddExporter(MarkdownExporter.Console)
            .AddLogger(ConsoleLogger.Default)
            .WithArtifactsPath(Path.Combine(Path.GetTempPath(), "raftkv-pieces"))
            .WithOptions(ConfigOptions.DisableLogFile);
        BenchmarkSwitcher
            .FromTypes([typeof(CodecMicrobenchmarks), typeof(CoreMicrobenchmarks), typeof(WalMicrobenchmarks), typeof(ApplyMicrobenchmarks), typeof(ReadMicrobenchmarks)])
            .Run(words.Contains("--filter") ? words : [.. words, "--filter", "*"], config);
    }
}
