using System.Net;
using Microsoft.AspNetCore.Mvc.Testing.Handlers;

namespace RaftKv.Samples.Shop.Tests;

/// <summary>A browser: it keeps its cookies, whichever web server it comes to.</summary>
internal sealed class Customer
{
    private readonly CookieContainer _cookies = new();

    public HttpClient At(ShopApp app) => app.CreateDefaultClient(new CookieContainerHandler(_cookies));
}
