using System.Reflection;
using Microsoft.AspNetCore.Http.Metadata;

namespace Meeda.Http;

/// <summary>
/// An error that a handler of Meeda's own routes answers with, as a member of <c>Results&lt;…&gt;</c>: what a handler
/// returns is what the OpenAPI document shows. What the layers below throw is answered in the same form.
/// </summary>
/// <typeparam name="TStatus">The status.</typeparam>
/// <param name="code">What kind of error it is; its status is <typeparamref name="TStatus"/>.</param>
/// <param name="detail">The message: it names the field and, where there is one, the limit.</param>
internal sealed class Problem<TStatus>(ErrorCode code, string detail) : IResult, IEndpointMetadataProvider
    where TStatus : IProblemStatus
{
    /// <inheritdoc/>
    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder) =>
        builder.Metadata.Add(
            new ProducesResponseTypeMetadata(TStatus.Status, typeof(ProblemBody), [ProblemBody.ContentType])
        );

    /// <inheritdoc/>
    public Task ExecuteAsync(HttpContext httpContext) => httpContext.AnswerErrorAsync(code, detail, TStatus.Status);
}

/// <summary>The status of a <see cref="Problem{TStatus}"/>.</summary>
internal interface IProblemStatus
{
    /// <summary>The number.</summary>
    static abstract int Status { get; }
}

/// <summary>400: the request can never succeed without being changed.</summary>
internal readonly struct Status400 : IProblemStatus
{
    /// <inheritdoc/>
    public static int Status => StatusCodes.Status400BadRequest;
}

/// <summary>404: there is proof that it does not exist, or it is not known here.</summary>
internal readonly struct Status404 : IProblemStatus
{
    /// <inheritdoc/>
    public static int Status => StatusCodes.Status404NotFound;
}

/// <summary>500: it cannot be done now; a later try may succeed.</summary>
internal readonly struct Status500 : IProblemStatus
{
    /// <inheritdoc/>
    public static int Status => StatusCodes.Status500InternalServerError;
}
