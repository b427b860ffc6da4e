using RaftKv.Embedded.Records;
using RaftKv.Embedded.Storage;

namespace RaftKv.Embedded.Node;

/// <summary>
/// Makes the stores of a replica: one at start, one for each snapshot it installs. Their files are scratch and never outlive the process.
/// </summary>
internal sealed class StoreFactory
{
    private readonly IFileSystem _files;
    private readonly string _directory;
    private readonly FasterKvStoreSettings _settings;
    private int _made;

    public StoreFactory(IFileSystem files, string directory, RaftKvOptions options)
    {
        (_files, _directory) = (files, directory);
        _settings = new FasterKvStoreSettings
        {
            MemoryBudgetBytes = StorageBudget.Of(options).RecordBytes,
            ExpectedKeys = options.ExpectedKeys,
            MaxKeyBytes = options.MaxKeyBytes,
            MaxValueBytes = options.MaxValueBytes,
            LargestSegmentBytes = VolumeSizes.StoreSegmentBytes(files.VolumeBytes(directory)),
        };
        DeleteLeftovers(files, directory);
    }

    /// <param name="keys">
    /// How many the store will hold at once, when that is known to be more than the options expect: growing the hash index later is slow.
    /// </param>
    public IKvStore Create(long keys = 0) =>
        new GrowingKvStore(Create, _settings with { ExpectedKeys = Math.Max(_settings.ExpectedKeys, keys) });

    private FasterKvStore Create(FasterKvStoreSettings settings)
    {
        var scratch = Path.Combine(_directory,
            Interlocked.Increment(ref _made).ToString(System.Globalization.CultureInfo.InvariantCulture));
        return new FasterKvStore(_files, scratch, settings);
    }

    /// <summary>Deletes what a killed process left behind, and no file that is not a store's.</summary>
    private static void DeleteLeftovers(IFileSystem files, string directory)
    {
        foreach (var name in files.ListDirectories(directory).Where(ForeignEntries.IsScratchDirectory))
        {
            var leftover = Path.Combine(directory, name);
            foreach (var file in files.ListFiles(leftover).Where(ForeignEntries.IsScratchFile))
                files.Delete(Path.Combine(leftover, file));
            files.DeleteDirectoryIfEmpty(leftover);
        }
    }
}
