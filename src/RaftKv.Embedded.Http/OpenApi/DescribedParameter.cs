using System.Reflection;
using Microsoft.AspNetCore.Http.Metadata;

namespace RaftKv.Embedded.Http.OpenApi;

/// <summary>One parameter of a signature, in the form that ASP.NET Core's own handlers leave for a document.</summary>
internal sealed record DescribedParameter(ParameterInfo ParameterInfo) : IParameterBindingMetadata
{
    public string Name => ParameterInfo.Name!;

    public bool HasTryParse => Nullable.GetUnderlyingType(ParameterInfo.ParameterType) is not null;

    public bool HasBindAsync => false;

    public bool IsOptional => new NullabilityInfoContext().Create(ParameterInfo).ReadState == NullabilityState.Nullable;
}
