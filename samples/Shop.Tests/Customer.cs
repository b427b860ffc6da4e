using System.Net;
using Microsoft.AspNetCore.Mvc.Testing.Handlers;

namespace RaftKv.Samples.Shop.Tests;

/// <summary>A browser: it has the same cookies on every web server that it uses.</summary>
internal sealed class Customer
{
    private readonly CookieContainer _cookies = new();

    public HttpClient At(ShopApp app) => app.CreateDefaultClient(new CookieContainerHandler(_cookies));
}
