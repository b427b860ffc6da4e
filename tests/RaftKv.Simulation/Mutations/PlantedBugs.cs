namespace RaftKv.Simulation.Mutations;

/// <summary>Tells a test whether the bugs of the <see cref="Catalogue"/> still fit the sources.</summary>
public static class PlantedBugs
{
    /// <summary>The edits that fit no single place any more.</summary>
    public static IReadOnlyList<string> Misfits()
    {
        var sources = MutableSources.Product.FullName;
        return [.. Catalogue.All.SelectMany(m => m.Edits.Where(e => !e.Fits(File.ReadAllText(Path.Combine(sources, e.File)))).Select(e => $"'{m.Name}' in {e.File}"))];
    }
}
