using System.Globalization;

namespace RaftKv.Simulation;

/// <summary>The command line: names that begin with two dashes, each with a value or alone.</summary>
internal sealed class Arguments
{
    public const string Help = """
        --seed N            replays one seed; prints the last events (--lines K of them, 200) and how it ended
          --skip 3,7          without these of its faults
          --with A=1,B=True   with these traits of its swarm (see Swarm.cs)
          --profile NAME      in this storm (see Profile.cs), also with --seeds and --for
          --shrink            looks for a smaller run that fails in the same way
        --seeds N           runs so many seeds, from --first F (0)
        --for 10m           runs seeds for so long (s, m, h)
          --parallel P        on so many threads (1)
          --failures N        ends after so many failures (5)
          --fingerprints      prints a line for each seed, which is equal for equal runs
        --mutations         plants every known bug in a copy of the sources, one after the other, and shows that it is found
          --only A,B          these only
          --seeds N           tries so many seeds for each (3,000)
          --shrink, --lines K makes the run that found it smaller, prints its end
        """;

    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    public Arguments(string[] args)
    {
        for (var i = 0; i < args.Length; i++)
        {
            if (!args[i].StartsWith("--", StringComparison.Ordinal))
                throw new ArgumentException($"'{args[i]}' is not understood.\n{Help}");
            var hasValue = i + 1 < args.Length && !args[i + 1].StartsWith("--", StringComparison.Ordinal);
            _values[args[i]] = hasValue ? args[++i] : "";
        }
    }

    public bool Has(string name) => _values.ContainsKey(name);

    public string Text(string name, string otherwise = "") => _values.GetValueOrDefault(name, otherwise);

    public ulong Number(string name, ulong otherwise) => _values.TryGetValue(name, out var text) ? ulong.Parse(text, CultureInfo.InvariantCulture) : otherwise;

    public IReadOnlyList<string> List(string name) => Text(name).Split(',', StringSplitOptions.RemoveEmptyEntries);

    public TimeSpan Duration(string name, TimeSpan otherwise)
    {
        if (!_values.TryGetValue(name, out var text))
            return otherwise;
        var number = double.Parse(text[..^1], CultureInfo.InvariantCulture);
        return text[^1] switch
        {
            's' => TimeSpan.FromSeconds(number),
            'm' => TimeSpan.FromMinutes(number),
            'h' => TimeSpan.FromHours(number),
            _ => throw new ArgumentException($"'{text}' is not a duration such as 90s, 2m or 1h."),
        };
    }

    /// <summary>How a run differs from what its seed alone says.</summary>
    public SimulationOptions Options => new()
    {
        Skip = List("--skip").Select(n => ulong.Parse(n, CultureInfo.InvariantCulture)).ToHashSet(),
        Traits = Traits.Parse(Text("--with")),
        Profile = Has("--profile") ? Enum.Parse<Profile>(Text("--profile")) : null,
    };
}
