using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace RaftKv.Embedded.Http;

/// <summary>A version as a parameter of a request.</summary>
internal static class RequestVersion
{
    /// <returns><c>null</c> when the parameter is missing or empty.</returns>
    /// <exception cref="RequestRefusedException">The parameter is no version.</exception>
    public static KvVersion? Read(IQueryCollection query, string parameter) => query[parameter].ToString() switch
    {
        "" => null,
        var text when long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var version) => new KvVersion(version),
        _ => throw RequestRefusedException.BadInput(parameter, $"The parameter {parameter} is a version as it came in X-RaftKv-Version."),
    };
}
