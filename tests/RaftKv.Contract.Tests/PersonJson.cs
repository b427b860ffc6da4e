using System.Text.Json.Serialization;

namespace RaftKv.Contract.Tests;

[JsonSerializable(typeof(Person))]
internal sealed partial class PersonJson : JsonSerializerContext;
