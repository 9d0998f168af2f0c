using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Router.Testing;

namespace Router.IntegrationTests;

/// <summary>The operator and the token that the configuration names: made at the start, and what becomes of them.</summary>
public sealed class ConfiguredOperatorTests(TestServers servers)
{
    [Fact]
    public async Task Operator_OfTheConfiguration_DisabledAsTheLastOne_ComesBackWithTheNextStart()
    {
        await using var router = await RouterFixture.Start(servers, workers: 0);
        Assert.Equal(1, await router.Query<int>("update accounts set disabled_at = now() where role = 'operator' returning 1"));
        Assert.Equal(HttpStatusCode.Unauthorized, (await router.Admin.GetAsync("/api/sites")).StatusCode);
        var again = await router.Host("Router.Api").Ready();
        Assert.Equal(HttpStatusCode.OK, (await router.Admin.GetAsync(new Uri(again.Url, "/api/sites"))).StatusCode);
    }

    [Fact]
    public async Task Operator_OfTheConfiguration_WhoseAccountSomebodyElseHas_HasNothingOfTheirs()
    {
        await using var router = await RouterFixture.Start(servers, workers: 0);
        using var theirs = new PageClient(router);
        await theirs.SignIn(RouterFixture.OperatorsEmail, RouterFixture.OperatorsPassword);
        var token = await theirs.MakeToken();
        // Who is an operator by a claim alone may be none tomorrow: that is nobody for the configuration.
        var id = await router.Query<Guid>(
            """
            with other as (
                insert into accounts (id, email, role, role_from_claim)
                values (gen_random_uuid(), 'a.claims@realty.test', 'operator', true)
            ), login as (
                insert into account_logins (issuer, subject, account_id) select 'https://provider.test', 's', id from accounts
            ), key as (
                insert into passkeys (id, account_id, name, credential_id, public_key, sign_count, asked_at)
                select gen_random_uuid(), id, 'theirs', 'c', 'k', 0, now() from accounts
            ), link as (
                insert into invitations (account_id, is_asked_for, token_sha256, made_at, expires_at)
                select id, false, sha256('x'), now(), now() + interval '1 day' from accounts
            )
            update accounts set role = 'owner' where email = @OperatorsEmail returning id
            """, new { RouterFixture.OperatorsEmail });

        await router.Host("Router.Api").Ready();
        Assert.Equal("operator", await router.Query<string>("select role from accounts where id = @id", new { id }));
        Assert.Equal("", await router.Query<string>(
            """
            select concat_ws(', ',
                (select 'a login' from account_logins where account_id = @id), (select 'a passkey' from passkeys where account_id = @id),
                (select 'a link' from invitations where account_id = @id),
                (select 'a session' from sessions where account_id = @id and ended_at is null))
            """, new { id }));
        Assert.Equal(HttpStatusCode.Redirect, (await theirs.Http.GetAsync("/account")).StatusCode);
        using var api = new HttpClient { BaseAddress = router.Api.Url };
        api.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        Assert.Equal(HttpStatusCode.Unauthorized, (await api.GetAsync("/api/sites")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await router.Admin.GetAsync("/api/sites")).StatusCode);
    }

    [Fact]
    public async Task Operator_OfTheConfiguration_WithoutAPassword_GetsNoneWhereItSignsInAtAProvider()
    {
        await using var router = await RouterFixture.Start(servers, workers: 0);
        Assert.Equal(1, await router.Query<int>("update accounts set password_hash = null where role = 'operator' returning 1"));
        await router.Query<int>(
            """
            insert into account_logins (issuer, subject, account_id) select 'https://provider.test', 's', id from accounts returning 1
            """);
        await router.Host("Router.Api").Ready();
        Assert.True(await router.Query<bool>("select password_hash is null from accounts where role = 'operator'"));
    }

    [Fact]
    public async Task Token_OfTheConfiguration_OnceRevokedStaysRevoked()
    {
        await using var router = await RouterFixture.Start(servers, workers: 0);
        var token = (await router.Admin.GetFromJsonAsync<JsonElement>("/api/tokens")).GetProperty("items")[0];
        Assert.Equal("from configuration", token.GetProperty("name").GetString());
        Assert.Equal(HttpStatusCode.NoContent,
            (await router.Admin.DeleteAsync($"/api/tokens/{token.GetProperty("id").GetGuid()}")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await router.Admin.GetAsync("/api/tokens")).StatusCode);

        await router.Api.Stop();
        var again = await router.Host("Router.Api").Ready();
        router.Admin.DefaultRequestHeaders.ConnectionClose = true;
        using var request = new HttpRequestMessage(HttpMethod.Get,
            new Uri(again.Url, "/api/tokens")) { Headers =
            { Authorization = new AuthenticationHeaderValue("Bearer", RouterFixture.AdminToken) } };
        Assert.Equal(HttpStatusCode.Unauthorized, (await router.Admin.SendAsync(request)).StatusCode);
    }
}
