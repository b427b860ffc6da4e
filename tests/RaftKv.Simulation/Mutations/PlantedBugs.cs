namespace RaftKv.Simulation.Mutations;

/// <summary>For whoever changes the sources: do the bugs of the <see cref="Catalogue"/> still fit them?</summary>
public static class PlantedBugs
{
    /// <summary>The edits that fit no single place any more.</summary>
    public static IReadOnlyList<string> Misfits()
    {
        var sources = MutableSources.Product.FullName;
        return [.. Catalogue.All.SelectMany(m => m.Edits.Where(e => !e.Fits(File.ReadAllText(Path.Combine(sources, e.File)))).Select(e => $"'{m.Name}' in {e.File}"))];
    }
}
