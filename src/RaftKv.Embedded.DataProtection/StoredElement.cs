using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.Repositories;

namespace RaftKv.Embedded.DataProtection;

/// <summary>An element of the key ring, and its key in the store.</summary>
internal sealed class StoredElement(string key, XElement element) : IDeletableElement
{
    public string Key => key;

    public XElement Element => element;

    public int? DeletionOrder { get; set; }
}
