using System.Buffers.Binary;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Records;
using RaftKv.Embedded.Storage;
using Xunit;

namespace RaftKv.Embedded.Tests.Storage;

/// <summary>
/// The disk of the cold records fails, is full, is slow, or returns wrong bytes. An answer of the store is right or an error, an error is
/// permanent, and no call hangs.
/// </summary>
public sealed class FasterFaultTests : IDisposable
{
    private const int Keys = 24_000;
    private const int ValueBytes = 1_000;

    /// <summary>No answer may take longer than this, also on a busy machine.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly FasterKvStoreSettings Small = new() { MemoryBudgetBytes = 16 * 1024 * 1024, MaxValueBytes = 500 * 1024 };

    private readonly string _scratch = Directory.CreateTempSubdirectory("raftkv-faults-").FullName;
    private readonly FaultyFileSystem _disk = new(new OsFileSystem());
    private int _opened;

    public void Dispose() => Directory.Delete(_scratch, recursive: true);

    [Theory]
    [InlineData(DeviceOperation.Write, RaftKvStorageError.Io)]
    [InlineData(DeviceOperation.Create, RaftKvStorageError.Io)]
    [InlineData(DeviceOperation.Read, RaftKvStorageError.Io)]
    internal void An_operation_that_fails_ends_the_store_and_no_answer_is_wrong(DeviceOperation operation, RaftKvStorageError error) => Within(() =>
    {
        foreach (var nth in (int[])[1, 2, 5, 11])
        {
            _disk.FailFrom(operation, operation == DeviceOperation.Create ? 1 : nth, error);
            using var store = Open();
            var failure = FillAndRead(store, (ulong)nth);
            _disk.Before = null;

            Assert.Equal(error, Assert.IsType<RaftKvStorageException>(failure).Error);
            // Writes that the disk did not take are lost, so the store still fails when the disk works again.
            Assert.Equal(error, Assert.Throws<RaftKvStorageException>(() => Put(store, 1, 99)).Error);
            Assert.Equal(error, Assert.Throws<RaftKvStorageException>(() => store.Checkpoint(long.MaxValue)).Error);
        }
    });

    [Theory]
    [InlineData(DeviceOperation.Write)]
    [InlineData(DeviceOperation.Create)]
    internal void A_full_disk_makes_writers_wait_and_they_go_on_when_there_is_room(DeviceOperation operation) => Within(() =>
    {
        var refused = 0;
        _disk.Before = (asked, path) =>
        {
            // There is no room for about a second.
            if (asked == operation && path.Contains("hlog", StringComparison.Ordinal) && Interlocked.Increment(ref refused) is < 20)
                throw FaultyFileSystem.Error(RaftKvStorageError.DiskFull, asked, path);
        };
        using var store = Open();
        Assert.Null(FillAndRead(store, 7));
        Assert.True(refused >= 20 || operation == DeviceOperation.Create);
    });

    [Fact]
    public void Readers_beside_a_failing_write_get_the_right_value_or_an_error() => Within(() =>
    {
        using var store = Open();
        for (var key = 0; key < Keys; key++)
            Put(store, key, 1);
        var failures = 0;
        var readers = Enumerable.Range(0, 4).Select(reader => Task.Factory.StartNew(() =>
        {
            var chance = new Prng((ulong)reader);
            Exception? failure;
            do
            {
                failure = Record.Exception(() => MustBeRight(store, (int)chance.Below(Keys), atLeast: 1));
            }
            while (failure is null);
            Assert.Equal(RaftKvStorageError.Io, Assert.IsType<RaftKvStorageException>(failure).Error);
            Interlocked.Increment(ref failures);
        }, TaskCreationOptions.LongRunning)).ToArray();

        _disk.FailFrom(DeviceOperation.Write, 3, RaftKvStorageError.Io);
        var written = Record.Exception(() =>
        {
            for (var step = 0; step < 10 * Keys; step++)
                Put(store, step % Keys, 2 + step, ValueBytes * 2);
        });

        Assert.IsType<RaftKvStorageException>(written);
        Task.WaitAll(readers, TestContext.Current.CancellationToken);
        Assert.Equal(4, failures);
    });

    [Fact]
    public void A_slow_disk_makes_the_store_slow_and_nothing_else() => Within(() =>
    {
        _disk.Before = (operation, _) =>
        {
            // No Sleep(0) for a read: on a busy machine it yields the processor, thousands of times.
            if (operation == DeviceOperation.Write)
                Thread.Sleep(30);
        };
        using var store = Open();
        Assert.Null(FillAndRead(store, 7));
    });

    [Fact]
    public void A_bit_that_flips_in_a_cold_record_is_never_served() => Within(() =>
    {
        for (var seed = 0UL; seed < 8; seed++)
        {
            using var store = Open();
            for (var key = 0; key < Keys; key++)
                Put(store, key, 1);
            var chance = new Prng(seed);
            _disk.AfterRead = (_, _, bytes) => bytes[(int)chance.Below(bytes.Length)] ^= (byte)(1 << (int)chance.Below(8));
            var failure = Record.Exception(() =>
            {
                for (var key = 0; key < Keys; key++)
                    MustBeRight(store, key, atLeast: 1);
            });
            _disk.AfterRead = null;
            Assert.Equal(RaftKvStorageError.Damaged, Assert.IsType<RaftKvStorageException>(failure).Error);
        }
    });

    [Fact]
    public void A_scratch_file_that_was_cut_off_is_not_taken_for_absent_keys() => Within(() =>
    {
        using var store = Open();
        for (var key = 0; key < Keys; key++)
            Put(store, key, 1);
        foreach (var file in Directory.EnumerateFiles(_scratch, "hlog.*", SearchOption.AllDirectories))
        {
            using var cut = new FileStream(file, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
            cut.SetLength(cut.Length / 2);
        }

        var failure = Record.Exception(() =>
        {
            for (var key = 0; key < Keys; key++)
                MustBeRight(store, key, atLeast: 1);
        });

        Assert.Equal(RaftKvStorageError.Damaged, Assert.IsType<RaftKvStorageException>(failure).Error);
    });

    [Fact]
    public void A_snapshot_is_not_made_of_records_that_rotted() => Within(() =>
    {
        using var store = Open();
        for (var key = 0; key < Keys; key++)
            Put(store, key, 1);
        using var cut = store.Checkpoint(long.MaxValue);
        _disk.AfterRead = (_, _, bytes) => bytes[bytes.Length / 2] ^= 1;

        var failure = Record.Exception(() => cut.Visit((ReadOnlySpan<byte> key, in RecordHeader header, ReadOnlySpan<byte> value, bool deleted) => { }, CancellationToken.None));

        Assert.Equal(RaftKvStorageError.Damaged, Assert.IsType<RaftKvStorageException>(failure).Error);
    });

    [Fact]
    public void A_read_that_the_disk_does_not_answer_does_not_hold_up_the_end_of_the_store() => Within(() =>
    {
        var store = Open();
        for (var key = 0; key < Keys; key++)
            Put(store, key, 1);
        using var isReading = new ManualResetEventSlim();
        using var answers = new ManualResetEventSlim();
        _disk.Before = (operation, _) =>
        {
            if (operation != DeviceOperation.Read)
                return;
            isReading.Set();
            answers.Wait();
        };
        var reader = ReadOnItsOwnThread(store);
        isReading.Wait();

        store.Dispose();

        Assert.False(reader.IsCompleted);
        Assert.Throws<ObjectDisposedException>(() => MustBeRight(store, Keys - 1, atLeast: 1));
        answers.Set();
        Assert.IsType<ObjectDisposedException>(reader.GetAwaiter().GetResult());
    });

    [Fact]
    public void Writes_without_room_and_the_reads_behind_them_do_not_hold_up_the_end_of_the_store() => Within(() =>
    {
        const int LargeBytes = 200 * 1024;
        var store = Open();
        for (var key = 0; key < 200; key++)
            Put(store, key, 1, LargeBytes);
        using var isRefused = new ManualResetEventSlim();
        using var isReading = new ManualResetEventSlim();
        _disk.Before = (operation, path) =>
        {
            if (operation == DeviceOperation.Read)
                isReading.Set();
            if (operation is not (DeviceOperation.Write or DeviceOperation.Create))
                return;
            isRefused.Set();
            throw FaultyFileSystem.Error(RaftKvStorageError.DiskFull, operation, path);
        };
        // All pages in memory are to be written now.
        using var checkpoint = store.Checkpoint(long.MaxValue);
        isRefused.Wait();
        // The beginning of the record is read at once, and shows that the record is long; all of it is read behind the writes.
        var reader = ReadOnItsOwnThread(store);
        isReading.Wait();

        store.Dispose();

        Assert.IsType<ObjectDisposedException>(reader.GetAwaiter().GetResult());
        Assert.Empty(Directory.EnumerateFiles(_scratch, "hlog.*", SearchOption.AllDirectories));
    });

    private Task<Exception?> ReadOnItsOwnThread(FasterKvStore store) =>
        Task.Factory.StartNew(() => Record.Exception(() => MustBeRight(store, 0, atLeast: 1)), TaskCreationOptions.LongRunning);

    private FasterKvStore Open() => new(_disk, Path.Combine(_scratch, $"{_opened++}"), Small);

    /// <summary>
    /// Writes more than fits in memory, then reads and overwrites at random. Returns the exception that ended it, or null.
    /// </summary>
    private static Exception? FillAndRead(FasterKvStore store, ulong seed)
    {
        var versions = new long[Keys];
        var chance = new Prng(seed);
        return Record.Exception(() =>
        {
            for (var step = 0; step < 3 * Keys; step++)
            {
                var key = step < Keys ? step : (int)chance.Below(Keys);
                if (step >= Keys && chance.Below(2) == 0)
                {
                    MustBeRight(store, key, versions[key]);
                    continue;
                }
                Put(store, key, step + 1);
                versions[key] = step + 1;
                store.MaintainSpace();
            }
        });
    }

    /// <summary>Asserts that the record is there, not older than expected, whole, and that of the key.</summary>
    private static void MustBeRight(FasterKvStore store, int key, long atLeast)
    {
        var found = store.TryRead(Key(key), key, static (in RecordHeader header, ReadOnlySpan<byte> value, int key) => (header.Version, Whole: IsWhole(value, key, header.Version)), out var seen);
        Assert.True(found, $"key {key} is absent");
        Assert.True(seen.Whole, $"key {key} is not what was written");
        Assert.True(seen.Version >= atLeast, $"key {key} has version {seen.Version} instead of {atLeast}");
    }

    private static void Put(FasterKvStore store, int key, long version, int bytes = ValueBytes)
    {
        var value = new byte[bytes];
        for (var at = 0; at + 8 <= bytes; at += 8)
            BinaryPrimitives.WriteInt64LittleEndian(value.AsSpan(at), key * 1_000_003L + version);
        store.Put(Key(key), new RecordHeader(version, 1, version), value);
    }

    private static bool IsWhole(ReadOnlySpan<byte> value, int key, long version)
    {
        for (var at = 0; at + 8 <= value.Length; at += 8)
        {
            if (BinaryPrimitives.ReadInt64LittleEndian(value[at..]) != key * 1_000_003L + version)
                return false;
        }
        return value.Length is ValueBytes or 2 * ValueBytes;
    }

    private static byte[] Key(int key) => BitConverter.GetBytes((long)key);

    /// <summary>Runs the test on a thread of its own, so that a hanging test fails and does not block the others.</summary>
    private static void Within(Action test)
    {
        var run = Task.Factory.StartNew(test, TaskCreationOptions.LongRunning);
        Assert.True(run.WaitAsync(Patience).ContinueWith(t => t.Exception?.InnerException is not TimeoutException, TaskScheduler.Default).GetAwaiter().GetResult(), "It hangs.");
        run.GetAwaiter().GetResult();
    }
}
