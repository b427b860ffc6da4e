using System.Globalization;

namespace RaftKv.Simulation;

/// <summary>Traits of a <see cref="Swarm"/> set by hand, such as <c>Callers=1,Crashes=False</c>.</summary>
public sealed record Traits(IReadOnlyDictionary<string, string> Values)
{
    public static Traits None { get; } = new(new SortedDictionary<string, string>(StringComparer.Ordinal));

    public static Traits Parse(string text) => text.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(pair => pair.Split('='))
        .Aggregate(None, (traits, pair) => traits.With(pair[0], pair[1]));

    public Traits With(string name, object value) =>
        new(new SortedDictionary<string, string>(Values.ToDictionary(), StringComparer.Ordinal) { [name] = Convert.ToString(value, CultureInfo.InvariantCulture)! });

    /// <summary>The same swarm with these traits.</summary>
    internal Swarm ApplyTo(Swarm swarm)
    {
        if (Values.Count == 0)
            return swarm;
        var changed = swarm with { };
        foreach (var (name, value) in Values)
        {
            var trait = typeof(Swarm).GetProperty(name) ?? throw new ArgumentException($"A swarm has no trait '{name}'.");
            trait.SetValue(changed, trait.PropertyType.IsEnum ? Enum.Parse(trait.PropertyType, value) : Convert.ChangeType(value, trait.PropertyType, CultureInfo.InvariantCulture));
        }
        return changed;
    }

    public override string ToString() => string.Join(',', Values.Select(v => $"{v.Key}={v.Value}"));
}
