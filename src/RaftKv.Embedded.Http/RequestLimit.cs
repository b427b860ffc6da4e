using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace RaftKv.Embedded.Http;

/// <summary>How many items a page has: <c>?limit=</c>.</summary>
internal static class RequestLimit
{
    /// <summary>The most items of a page.</summary>
    public const int Most = 1000;

    private const int Default = 100;

    /// <returns>100 when the parameter is missing.</returns>
    /// <exception cref="RequestRefusedException">The parameter is no number from 1 to 1000.</exception>
    public static int Read(IQueryCollection query) => query["limit"].ToString() switch
    {
        "" => Default,
        var text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit is > 0 and <= Most =>
            limit,
        _ => throw RequestRefusedException.BadInput("limit", $"The parameter limit is a number from 1 to {Most}."),
    };
}
