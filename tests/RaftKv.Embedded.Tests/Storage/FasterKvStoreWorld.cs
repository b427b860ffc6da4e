using System.Buffers.Binary;
using System.Text;
using RaftKv.Embedded.Records;
using RaftKv.Embedded.Storage;
using Xunit;

namespace RaftKv.Embedded.Tests.Storage;

/// <summary>Stores in a temporary directory, and values in which a torn read shows.</summary>
public abstract class FasterKvStoreWorld : IDisposable
{
    protected string Scratch { get; } = Directory.CreateTempSubdirectory("raftkv-store-").FullName;
    private protected List<FasterKvStore> Stores { get; } = [];
    private protected FaultyFileSystem Disk { get; } = new(new OsFileSystem());

    private protected static readonly FasterKvStoreSettings Small = new() { MemoryBudgetBytes = 16 * 1024 * 1024, MaxValueBytes = 500 * 1024 };

    private protected FasterKvStore OpenStore(FasterKvStoreSettings? settings = null)
    {
        var store = new FasterKvStore(Disk, Path.Combine(Scratch, $"{Stores.Count}"), settings ?? Small);
        Stores.Add(store);
        return store;
    }

    public void Dispose()
    {
        GC.SuppressFinalize(this);
        foreach (var store in Stores)
            store.Dispose();
        Directory.Delete(Scratch, recursive: true);
    }

    protected static byte[] Key(long i) => Encoding.UTF8.GetBytes($"key-{i:D12}");

    private protected static void Put(FasterKvStore store, long key, long version, int bytes) =>
        store.Put(Key(key), new RecordHeader(version, 1, version), Value(key, version, bytes));

    /// <summary>Each word of a value contains its key and version, so a mixture of two writes is noticed.</summary>
    protected static byte[] Value(long key, long version, int bytes)
    {
        var value = new byte[bytes];
        for (var i = 0; i + 8 <= bytes; i += 8)
            BinaryPrimitives.WriteInt64LittleEndian(value.AsSpan(i), key * 1_000_003 + version);
        return value;
    }

    private protected static bool IsWhole(in RecordHeader header, ReadOnlySpan<byte> value, long key)
    {
        for (var i = 0; i + 8 <= value.Length; i += 8)
        {
            if (BinaryPrimitives.ReadInt64LittleEndian(value[i..]) != key * 1_000_003 + header.Version)
                return false;
        }
        return header.WriteCount == header.Version;
    }

    private protected static (long Version, int Bytes)? Read(FasterKvStore store, long key)
    {
        var found = store.TryRead(Key(key), key, static (in RecordHeader header, ReadOnlySpan<byte> value, long key) =>
            (IsWhole(header, value, key), header.Version, value.Length), out var seen);
        Assert.True(!found || seen.Item1, $"key {key} is torn");
        return found ? (seen.Version, seen.Length) : null;
    }
}
