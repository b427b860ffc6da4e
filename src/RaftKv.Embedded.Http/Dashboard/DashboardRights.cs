using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace RaftKv.Embedded.Http.Dashboard;

/// <summary>
/// <c>GET /rights</c>: what the user of the page may do, so that the page offers nothing that would be refused, and the prefixes of the
/// internal keys that the page hides. The answer is computed from the metadata of the routes. It protects nothing: each route checks its
/// requests itself.
/// </summary>
internal sealed class DashboardRights(RaftKvDashboardOptions options, InternalKeys keys)
{
    private IList<object> _read = [];
    private IList<object> _write = [];
    private IList<object> _admin = [];

    /// <summary>Takes the metadata of one group of routes of each kind, once the endpoints are built.</summary>
    public void Observe(IEndpointConventionBuilder read, IEndpointConventionBuilder write, IEndpointConventionBuilder admin)
    {
        read.Finally(e => _read = e.Metadata);
        write.Finally(e => _write = e.Metadata);
        admin.Finally(e => _admin = e.Metadata);
    }

    public void Map(IEndpointRouteBuilder routes) => routes.MapRead("/rights", ApiRoute.Guarded(AnswerAsync));

    private async Task AnswerAsync(HttpContext context)
    {
        var (read, write, admin) = (await HasAsync(context, _read), await HasAsync(context, _write), await HasAsync(context, _admin));
        var rights = (Read: read, Write: write, Admin: admin, Internal: keys.Prefixes);
        await ApiRoute.JsonAsync(context, StatusCodes.Status200OK, rights, static (json, rights) =>
        {
            json.WriteStartObject();
            json.WriteBoolean("read"u8, rights.Read);
            json.WriteBoolean("write"u8, rights.Write);
            json.WriteBoolean("admin"u8, rights.Admin);
            json.WriteStartArray("internal"u8);
            foreach (var prefix in rights.Internal)
                json.WriteStringValue(prefix);
            json.WriteEndArray();
            json.WriteEndObject();
        });
    }

    /// <summary>Whether the authorization middleware would let the user pass.</summary>
    private async Task<bool> HasAsync(HttpContext context, IList<object> metadata)
    {
        if (metadata.OfType<IAllowAnonymous>().Any())
            return true;
        var services = context.RequestServices;
        if (services.GetService<IAuthorizationPolicyProvider>() is not { } policies)
            return options.AllowAnonymous;
        var policy = await AuthorizationPolicy.CombineAsync(policies, metadata.OfType<IAuthorizeData>(),
            metadata.OfType<AuthorizationPolicy>());
        var requirements = metadata.OfType<IAuthorizationRequirementData>().SelectMany(r => r.GetRequirements()).ToList();
        if (requirements.Count > 0)
        {
            var more = new AuthorizationPolicyBuilder().AddRequirements([.. requirements]).Build();
            policy = policy is null ? more : AuthorizationPolicy.Combine(policy, more);
        }
        policy ??= await policies.GetFallbackPolicyAsync();
        if (policy is null)
            return options.AllowAnonymous;
        var evaluator = services.GetRequiredService<IPolicyEvaluator>();
        var user = await evaluator.AuthenticateAsync(policy, context);
        return (await evaluator.AuthorizeAsync(policy, user, context, context)).Succeeded;
    }
}
