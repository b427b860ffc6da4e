using System.Reflection;
using System.Runtime.Loader;

namespace RaftKv.Simulation.Mutations;

/// <summary>This simulation, loaded a second time over a product with a bug in it.</summary>
internal sealed class PlantedSimulation : AssemblyLoadContext
{
    private readonly byte[] _product;
    private readonly MethodInfo _run;
    private readonly MethodInfo _program;
    private readonly PropertyInfo _failure;

    public PlantedSimulation(string name, byte[] product) : base(name)
    {
        _product = product;
        var simulation = LoadFromAssemblyPath(typeof(SimulationReport).Assembly.Location);
        var report = simulation.GetType(typeof(SimulationReport).FullName!)!;
        _program = simulation.EntryPoint!;
        _run = report.GetMethod(nameof(SimulationReport.Of), BindingFlags.Public | BindingFlags.Static, [typeof(ulong), typeof(string)])!;
        _failure = report.GetProperty(nameof(SimulationReport.Failure))!;
    }

    /// <summary>What was found in the run of a seed; <c>null</c> is nothing.</summary>
    public string? FailureOf(ulong seed, Profile? profile) => (string?)_failure.GetValue(_run.Invoke(null, [seed, profile?.ToString() ?? ""]));

    /// <summary>Runs this program over that product, with a command line.</summary>
    public void Main(params string[] args) => _program.Invoke(null, [args]);

    protected override Assembly? Load(AssemblyName assemblyName) => assemblyName.Name == "RaftKv.Embedded" ? LoadFromStream(new MemoryStream(_product)) : null;
}
