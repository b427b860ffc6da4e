using Microsoft.AspNetCore.Http;

namespace RaftKv.Embedded.Http;

/// <summary>A parameter that is true or false.</summary>
internal static class RequestFlag
{
    /// <exception cref="RequestRefusedException">The value is none of <c>true</c>, <c>1</c>, <c>false</c> and <c>0</c>.</exception>
    public static bool Read(IQueryCollection query, string parameter, bool otherwise = false) => query[parameter].ToString() switch
    {
        "" => otherwise,
        "false" or "0" => false,
        "true" or "1" => true,
        _ => throw RequestRefusedException.BadInput(parameter, $"The parameter {parameter} is true or false."),
    };
}
