using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using RaftKv.Embedded.Client;

namespace RaftKv.Embedded.Http;

/// <summary>
/// Writes with an <c>Idempotency-Key</c>: a write that is repeated with the same key, on any node and after any crash, takes effect once
/// and gets the same answer. The write and a record of it are one transaction, so that neither exists without the other. The records are
/// keys of the store, grouped by the day on which they were written. The records of the day before and of the day after are read too, so
/// that neither midnight nor a clock that is wrong by less than a day hides one. Records are deleted once their day is more than two days
/// ago.
/// </summary>
internal sealed class IdempotentWrites(TimeProvider time)
{
    /// <summary>The header that marks an answer as that of an earlier request.</summary>
    public const string Replayed = "Idempotency-Replayed";

    /// <summary>The prefix of the records' keys. Scans and watches of all keys include the records.</summary>
    public const string Prefix = ReservedKeys.OwnPrefix + "once/";

    private const string Header = "Idempotency-Key";
    private const int MaxLength = 255;
    private const int Attempts = 8;
    private const int PurgedAtOnce = 256;

    private string _purgedOn = "";

    /// <returns><c>null</c> when the request has no such key.</returns>
    /// <exception cref="RequestRefusedException">The header cannot be a key.</exception>
    public static string? KeyOf(HttpRequest request)
    {
        var values = request.Headers[Header];
        if (values.Count == 0)
            return null;
        var key = values.ToString();
        return key.Length is > 0 and <= MaxLength && values.Count == 1 && !key.AsSpan().ContainsAnyExceptInRange('!', '~') ? key
            : throw RequestRefusedException.BadInput(Header,
            $"Idempotency-Key is one text of 1 to {MaxLength} visible ASCII characters, new for every write: a GUID, for example.");
    }

    /// <summary>Sets a key once.</summary>
    public async Task<(KvWriteResult Result, bool IsReplay)> SetAsync(
        IDistributedKv kv, IdempotentRequest request, ReadOnlyMemory<byte> value, KvSetOptions options, CancellationToken cancellationToken)
    {
        var records = Records(request.IdempotencyKey);
        var transaction = Unless(records, Compares(request.Key, request.When));
        transaction.Then.Set(request.Key, value, options).SetReserved(records[0], Record(request.Fingerprint, applied: true));
        transaction.Else.Get(request.Key);
        var result = await kv.CommitAsync(transaction, cancellationToken);
        if (result.Succeeded)
            return (new KvWriteResult(true, result.Version), false);
        if (Find(result, request.Fingerprint) is { } earlier)
            return (earlier, true);
        // The condition does not hold. Nothing was written, and nothing recorded.
        return (new KvWriteResult(false, result.Results[^1].Read.Version), false);
    }

    /// <summary>Deletes a key once. That the key did not exist is recorded too: it may exist when the request is repeated.</summary>
    public async Task<(KvWriteResult Result, bool IsReplay)> DeleteAsync(
        IDistributedKv kv, IdempotentRequest request, CancellationToken cancellationToken)
    {
        var (key, when) = (request.Key, request.When);
        var records = Records(request.IdempotencyKey);
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var delete = Unless(records, [KvCompare.Exists(key), .. Compares(key, when)]);
            delete.Then.Delete(key).SetReserved(records[0], Record(request.Fingerprint, applied: true));
            delete.Else.Get(key);
            var result = await kv.CommitAsync(delete, cancellationToken);
            if (result.Succeeded)
                return (new KvWriteResult(true, result.Version), false);
            if (Find(result, request.Fingerprint) is { } earlier)
                return (earlier, true);
            if (result.Results[^1].Read is { Found: true } current || when != KvCondition.Always)
                return (new KvWriteResult(false, result.Results[^1].Read.Version), false);

            var note = Unless(records, [KvCompare.NotExists(key)]);
            note.Then.SetReserved(records[0], Record(request.Fingerprint, applied: false));
            if ((await kv.CommitAsync(note, cancellationToken)).Succeeded)
                return (new KvWriteResult(false, KvVersion.None), false);
            // Another client wrote the key in between, or the same request came twice: try again.
        }
        throw new RequestRefusedException(new Problem(
            StatusCodes.Status503ServiceUnavailable, "contended", "Other writes changed the key during every attempt. Nothing was deleted.",
            RetryAfter: true));
    }

    /// <summary>
    /// Deletes up to 256 of the records that are too old. Called after each answer to such a write; does nothing for the rest of the day
    /// once none is left.
    /// </summary>
    public async Task PurgeAsync(IDistributedKv kv, CancellationToken cancellationToken)
    {
        var today = Day(0);
        if (Volatile.Read(ref _purgedOn) == today)
            return;
        var transaction = new KvTransaction();
        var old = KvKeyRange.Between(Prefix, Prefix + Day(-2));
        var stale = new KvScanOptions { KeysOnly = true, Limit = PurgedAtOnce, Consistency = KvConsistency.Stale };
        await foreach (var entry in kv.ScanAsync(old, stale, cancellationToken))
            transaction.Then.DeleteReserved(entry.Key);
        if (transaction.Then.Count > 0)
            await kv.CommitAsync(transaction, cancellationToken);
        if (transaction.Then.Count < PurgedAtOnce)
            Volatile.Write(ref _purgedOn, today);
    }

    private static KvTransaction Unless(string[] records, ReadOnlySpan<KvCompare> conditions)
    {
        var transaction = new KvTransaction().If(conditions);
        foreach (var record in records)
        {
            transaction.If(KvCompare.NotExists(record));
            transaction.Else.Get(record);
        }
        return transaction;
    }

    private static KvCompare[] Compares(string key, KvCondition when) => when.Kind switch
    {
        KvConditionKind.Exists => [KvCompare.Exists(key)],
        KvConditionKind.NotExists => [KvCompare.NotExists(key)],
        KvConditionKind.VersionIs => [KvCompare.Version(key, KvRelation.Equal, when.Version)],
        _ => [],
    };

    // The record was written by the transaction that it describes: its version is that of the write.
    private static KvWriteResult? Find(KvTransactionResult result, string fingerprint)
    {
        if (!result.HasResults)
            throw new RequestRefusedException(new Problem(StatusCodes.Status504GatewayTimeout, "outcome_unknown",
                "What the transaction read is not known any more. Send the request again with the same Idempotency-Key."));
        foreach (var item in result.Results.Take(result.Results.Count - 1))
        {
            if (!item.Read.Found)
                continue;
            using var record = JsonDocument.Parse(item.Read.Value);
            if (record.RootElement.GetProperty("request").GetString() != fingerprint)
                throw new RequestRefusedException(new Problem(StatusCodes.Status422UnprocessableEntity, "idempotency_key_reused",
                    "This Idempotency-Key belongs to another request. Nothing was written.", Header));
            return new KvWriteResult(record.RootElement.GetProperty("applied").GetBoolean(), item.Read.Version);
        }
        return null;
    }

    /// <summary>The keys of the record: that of today, where a new record is written, then those of yesterday and of tomorrow.</summary>
    private string[] Records(string idempotencyKey)
    {
        var name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(idempotencyKey)).AsSpan(0, 16));
        return [$"{Prefix}{Day(0)}/{name}", $"{Prefix}{Day(-1)}/{name}", $"{Prefix}{Day(1)}/{name}"];
    }

    private string Day(int offset) => time.GetUtcNow().AddDays(offset).ToString("yyyyMMdd", CultureInfo.InvariantCulture);

    private static byte[] Record(string fingerprint, bool applied)
    {
        var record = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(record))
        {
            json.WriteStartObject();
            json.WriteString("request"u8, fingerprint);
            json.WriteBoolean("applied"u8, applied);
            json.WriteEndObject();
        }
        return record.WrittenSpan.ToArray();
    }

    /// <summary>A hash by which two requests are compared: SHA-256 as hexadecimal digits.</summary>
    /// <param name="method">The HTTP method.</param>
    /// <param name="key">The key that the request writes.</param>
    /// <param name="options">Its condition and lifetime as text.</param>
    /// <param name="value">The value it stores.</param>
    public static string Fingerprint(string method, string key, string options, ReadOnlySpan<byte> value)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{method}\0{options}\0{key.Length}\0{key}")));
        hash.AppendData(value);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
