using RaftKv.Embedded.Storage;
using Xunit;

namespace RaftKv.Embedded.Tests.Storage;

/// <summary>A page is written with the checksum of the bytes that are on the disk.</summary>
public sealed class ScratchWriterTests
{
    private const int SectorBytes = 512;

    /// <summary>
    /// FASTER's readers and writers take and release the locks of records whose page is being flushed. A change between the checksum and
    /// the write must not be taken for damage when the page is read again.
    /// </summary>
    [Fact]
    public void A_page_that_changes_while_it_is_written_is_not_taken_for_damage()
    {
        var page = new byte[1024 * 1024];
        Array.Fill(page, (byte)1);
        var disk = new FaultyFileSystem(new MemoryFileSystem())
        {
            Before = (operation, _) => Array.Fill(page, (byte)(operation == DeviceOperation.Write ? 2 : 1)),
        };
        var checksums = new ScratchChecksums(SectorBytes);
        disk.CreateDirectory("/scratch");
        using var file = disk.Open("/scratch/hlog.0", FileOpenMode.Create);

        new ScratchWriter(checksums).Write(file, segment: 0, offset: SectorBytes, page);

        var read = new byte[page.Length];
        Assert.Equal(read.Length, file.Read(SectorBytes, read));
        Assert.True(checksums.Holds(segment: 0, SectorBytes, read));
        Assert.Equal(1, read[0]);
    }
}
