using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.Repositories;

namespace RaftKv.Embedded.DataProtection;

/// <summary>An element and where it is.</summary>
internal sealed class StoredElement(string key, XElement element) : IDeletableElement
{
    public string Key => key;

    public XElement Element => element;

    public int? DeletionOrder { get; set; }
}
