using System.Text.Json;
using Meeda.Client;
using Meeda.Ethereum;
using Meeda.Http;
using Meeda.Operator.SignIn;
using Meeda.Operator.Tenants;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Meeda.Operator.Http;

/// <summary>Keys for wallets: Sign-In with Ethereum (EIP-4361).</summary>
internal static class SignInEndpoints
{
    private const int MaxBody = 16 * 1024;

    /// <summary>Maps <c>/signin</c>.</summary>
    public static void MapSignIn(this IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/signin", OfferAsync)
            .AllowAnonymous()
            .WithSummary("What a wallet has to sign for a key (EIP-4361), with a new nonce");
        routes
            .MapPost("/signin", SignInAsync)
            .AllowAnonymous()
            .Accepts<SignInRequest>("application/json")
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status402PaymentRequired)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .WithSummary("A key for the wallet that signed; its previous key ends after a while");
        routes
            .MapDelete("/signin", SignOutAsync)
            .RequireAuthorization(TenantAccess.Write)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .WithSummary("End the keys of the wallet whose key the request has");
    }

    private static async Task<Results<Ok<SignInOffer>, Problem<Status400>>> OfferAsync(
        HttpContext context,
        WalletSignIn signIn,
        SignInLimiter limiter,
        string? address,
        string? rollup
    )
    {
        Address wallet = default;
        Address payer = default;
        if (
            (address is not null && !Address.TryParse(address, out wallet))
            || (rollup is not null && !Address.TryParse(rollup, out payer))
        )
        {
            return new Problem<Status400>(
                ErrorCode.MalformedRequest,
                "address, rollup: 40 hex digits, with or without 0x; mixed case must be the checksum of ERC-55"
            );
        }

        limiter.Count(context);
        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.Ok(
            await signIn.OfferAsync(
                address is null ? null : wallet,
                rollup is null ? null : payer,
                context.RequestAborted
            )
        );
    }

    private static async Task<Ok<SignInKey>> SignInAsync(
        HttpContext context,
        WalletSignIn signIn,
        SignInLimiter limiter
    )
    {
        limiter.Count(context);
        byte[] body = await RequestBody.ReadAsync(context.Request, MaxBody, "of a sign-in", context.RequestAborted);
        SignInRequest? request;
        try
        {
            request = JsonSerializer.Deserialize(body, OperatorJson.Default.SignInRequest);
        }
        catch (JsonException)
        {
            request = null;
        }

        if (request is null)
        {
            throw new DaException(
                DaError.MalformedRequest,
                "body: a JSON object with message and signature is expected"
            );
        }

        using IDisposable entered = limiter.Enter(context);
        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.Ok(await signIn.SignInAsync(request, context.RequestAborted));
    }

    private static async Task<NoContent> SignOutAsync(HttpContext context, TenantKeys tenants, TimeProvider time)
    {
        if (context.Features.Get<Tenant>() is not { Signer: not null } tenant)
        {
            throw new DaException(
                ErrorCode.SignInRefused,
                "key: the operator made it, and ends it (meeda keys revoke); no wallet signed in for it"
            );
        }

        await tenants.SignOutAsync(tenant, time.GetUtcNow(), context.RequestAborted);
        return TypedResults.NoContent();
    }
}
