using System.Reflection;

namespace RaftKv.Simulation;

/// <summary>Prints how a run ended, and the command that repeats it.</summary>
internal static class FailurePrinter
{
    private static string Commit =>
        typeof(FailurePrinter).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+') is [_, var commit] ? commit : "unknown";

    public static void Print(SimulationReport report, SimulationOptions options)
    {
        foreach (var line in report.Transcript)
            Console.WriteLine(line);
        Console.WriteLine(report.Failure ?? "every invariant held");
        Console.WriteLine($"commit {Commit}, {report.Fingerprint}");
        Console.WriteLine(CommandFor(report.Seed, options));
    }

    public static string CommandFor(ulong seed, SimulationOptions options)
    {
        var command = $"dotnet run --project tests/RaftKv.Simulation -c Release -- --seed {seed}";
        if (options.Profile is { } profile)
            command += $" --profile {profile}";
        if (options.Skip.Count > 0)
            command += $" --skip {string.Join(',', options.Skip.Order())}";
        return options.Traits.Values.Count > 0 ? $"{command} --with {options.Traits}" : command;
    }
}
