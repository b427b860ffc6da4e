using System.Text;
using System.Xml;
using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.Extensions.Logging;

namespace RaftKv.Embedded.DataProtection;

/// <summary>
/// The elements of the key ring, one per key of the store: keys below <c>keys/</c>, revocations below <c>revocations/</c>.
/// </summary>
/// <remarks>
/// Processes that start together and find no key each create one. The first key is therefore stored under the condition that there is still
/// none. The key manager reads the ring again after it has stored a key, and uses the key that it finds there.
/// </remarks>
internal sealed class RaftKvXmlRepository(IDistributedKv kv, string prefix, ILogger<RaftKvXmlRepository> log) : IDeletableXmlRepository
{
    public const string KeysFolder = "keys/";
    public const string RevocationsFolder = "revocations/";

    private readonly string _keys = prefix + KeysFolder;
    private readonly string _revocations = prefix + RevocationsFolder;
    private volatile bool _foundNoKey;

    public IReadOnlyCollection<XElement> GetAllElements()
    {
        var elements = ReadAsync(staleWithoutLeader: true).GetAwaiter().GetResult();
        _foundNoKey = !elements.Any(e => e.Key.StartsWith(_keys, StringComparison.Ordinal));
        return elements.ConvertAll(e => e.Element);
    }

    public void StoreElement(XElement element, string friendlyName)
    {
        ArgumentNullException.ThrowIfNull(element);
        StoreAsync(element, friendlyName).GetAwaiter().GetResult();
    }

    public bool DeleteElements(Action<IReadOnlyCollection<IDeletableElement>> chooseElements)
    {
        ArgumentNullException.ThrowIfNull(chooseElements);
        try
        {
            return DeleteAsync(chooseElements).GetAwaiter().GetResult();
        }
        catch (RaftKvException e)
        {
            log.NotDeleted(e);
            return false;
        }
    }

    private async Task<List<StoredElement>> ReadAsync(bool staleWithoutLeader)
    {
        var elements = new List<StoredElement>();
        var scan = new KvScanOptions { StaleWithoutLeader = staleWithoutLeader };
        await foreach (var entry in kv.ScanAsync(KvKeyRange.StartingWith(prefix), scan).ConfigureAwait(false))
        {
            // Applications may share the beginning of their prefixes.
            if (entry.Key.StartsWith(_keys, StringComparison.Ordinal) || entry.Key.StartsWith(_revocations, StringComparison.Ordinal))
                elements.Add(new StoredElement(entry.Key, Parse(entry)));
        }
        return elements;
    }

    private async Task StoreAsync(XElement element, string friendlyName)
    {
        var isKey = element.Name == "key";
        var isFirst = isKey && _foundNoKey;
        var name = IsPlain(friendlyName) ? friendlyName : Guid.NewGuid().ToString();
        var value = Encoding.UTF8.GetBytes(element.ToString(SaveOptions.DisableFormatting));
        while (true)
        {
            var key = (isKey ? _keys : _revocations) + name;
            var store = new KvTransaction().If(KvCompare.NotExists(key));
            if (isFirst)
                store.If(KvCompare.CreateVersion(KvKeyRange.StartingWith(_keys), KvRelation.Equal, KvVersion.None));
            store.Then.SetReserved(key, value);
            if ((await kv.CommitAsync(store).ConfigureAwait(false)).Succeeded)
                break;
            var present = await kv.GetAsync(key).ConfigureAwait(false);
            if (present.Found && present.Value.Span.SequenceEqual(value))
                break;
            if (isFirst)
            {
                log.KeyCreatedElsewhere(friendlyName);
                break;
            }
            // The name is taken: a key that is revoked twice has two revocations of the same name.
            name = $"{name}-{Guid.NewGuid():N}";
        }
        if (isKey)
            _foundNoKey = false;
    }

    private async Task<bool> DeleteAsync(Action<IReadOnlyCollection<IDeletableElement>> chooseElements)
    {
        var elements = await ReadAsync(staleWithoutLeader: false).ConfigureAwait(false);
        chooseElements(elements);
        var chosen = elements.Where(e => e.DeletionOrder is not null).OrderBy(e => e.DeletionOrder);
        foreach (var some in chosen.Chunk(KvTransaction.MaxOperations))
        {
            var delete = new KvTransaction();
            foreach (var element in some)
                delete.Then.DeleteReserved(element.Key);
            await kv.CommitAsync(delete).ConfigureAwait(false);
        }
        return true;
    }

    private static XElement Parse(in KvEntry entry)
    {
        try
        {
            return XElement.Parse(Encoding.UTF8.GetString(entry.Value.Span));
        }
        catch (XmlException e)
        {
            // Not skipped: it may be a revocation, and without it a revoked key would be valid again.
            throw new InvalidDataException(
                $"What is stored under {entry.Key} is no XML element, so the key ring cannot be read. "
                + "Restore it, or, if nothing it says is needed, delete it with RaftKvKeyRing.DeleteElementAsync.", e);
        }
    }

    private static bool IsPlain(string name) =>
        !string.IsNullOrEmpty(name) && name.Length <= 200 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');
}
