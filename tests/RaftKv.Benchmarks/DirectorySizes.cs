namespace RaftKv.Benchmarks;

/// <summary>Sizes of the parts of a node's data directory, in MiB.</summary>
internal sealed record DirectorySizes(double Log, double Snapshots, double Store)
{
    public double Total => Log + Snapshots + Store;

    public static DirectorySizes Of(string dataDirectory) => new(
        Megabytes(Path.Combine(dataDirectory, "wal")), Megabytes(Path.Combine(dataDirectory, "snapshots")), Megabytes(Path.Combine(dataDirectory, "store")));

    private static double Megabytes(string directory) => Math.Round(new DirectoryInfo(directory).EnumerateFiles("*", SearchOption.AllDirectories).Sum(LengthOf) / (1024.0 * 1024), 1);

    /// <summary>The length in bytes; 0 if the file has been deleted meanwhile.</summary>
    private static long LengthOf(FileInfo file)
    {
        try
        {
            return file.Length;
        }
        catch (FileNotFoundException)
        {
            return 0;
        }
    }
}
