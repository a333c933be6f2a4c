using System.Runtime.CompilerServices;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Paradarum.Protocol.Link;

namespace Paradarum.Protocol.Tests.Wire;

/// <summary>Nodes of the previous and the next version follow the same log: what was once written on a wire keeps its meaning.</summary>
public sealed class The_proto_files
{
    private static readonly string Lock = Path.Combine(Here(), "proto.lock");

    [Fact]
    public void Change_by_additions_only()
    {
        var now = Lines();
        var kept = File.ReadAllLines(Lock);
        kept.Except(now, StringComparer.Ordinal)
            .ShouldBeEmpty("these were on the wire already: a field is never renumbered, renamed, retyped or reused. Add another one");
        if (!now.SequenceEqual(kept, StringComparer.Ordinal))
            File.WriteAllText(Lock + ".new", string.Join('\n', now) + "\n");
        string.Join('\n', now)
            .ShouldBe(string.Join('\n', kept), "something was added: when it is meant, put Wire/proto.lock.new in the place of proto.lock");
    }

    [Fact]
    public void Use_no_number_twice()
    {
        foreach (var message in Messages())
            message.Fields.InDeclarationOrder().Select(field => field.FieldNumber).ShouldBeUnique(message.FullName);
    }

    private static List<string> Lines() =>
        [
            .. Messages()
                .SelectMany(message =>
                    message
                        .Fields.InDeclarationOrder()
                        .Select(field => $"{message.FullName} {field.FieldNumber} {Type(field)} {field.Name}")
                )
                .Concat(
                    Files()
                        .SelectMany(file => file.EnumTypes)
                        .SelectMany(type => type.Values.Select(value => $"{type.FullName} {value.Number} {value.Name}"))
                )
                .Concat(
                    Files()
                        .SelectMany(file => file.Services)
                        .SelectMany(service =>
                            service.Methods.Select(method =>
                                $"{service.FullName}.{method.Name} {(method.IsClientStreaming ? "stream " : "")}{method.InputType.FullName} {(method.IsServerStreaming ? "stream " : "")}{method.OutputType.FullName}"
                            )
                        )
                )
                .Order(StringComparer.Ordinal),
        ];

    private static string Type(FieldDescriptor field)
    {
        var type =
            field.FieldType == FieldType.Message ? field.MessageType.FullName
            : field.FieldType == FieldType.Enum ? field.EnumType.FullName
            : $"{field.FieldType}".ToLowerInvariant();
        return $"{(field.IsRepeated ? "repeated " : "")}{type}{(field.RealContainingOneof is { } one ? $" in {one.Name}" : "")}";
    }

    private static string Here([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;

    private static IEnumerable<FileDescriptor> Files() => [RecordsReflection.Descriptor, FleetLinkReflection.Descriptor];

    private static IEnumerable<MessageDescriptor> Messages() => Files().SelectMany(file => file.MessageTypes);
}

public sealed class Two_versions_of_the_link
{
    [Theory]
    [InlineData(1, 1, 1, 1, 1)]
    [InlineData(2, 1, 1, 1, 1)] // the previous one joins
    [InlineData(2, 1, 3, 2, 2)] // the next one joins
    [InlineData(3, 2, 2, 1, 2)]
    [InlineData(3, 3, 2, 1, null)] // too old for us
    [InlineData(1, 1, 3, 2, null)] // too new to speak with us
    public void Speak_the_highest_that_both_know(int ours, int oursOldest, int theirs, int theirsOldest, int? spoken)
    {
        LinkVersion.Agree(ours, oursOldest, theirs, theirsOldest).ShouldBe(spoken);
        LinkVersion.Agree(theirs, theirsOldest, ours, oursOldest).ShouldBe(spoken, "both sides come to the same");
    }

    [Fact]
    public void Tell_a_field_that_is_not_known_at_any_depth()
    {
        var body = new PropertyBody
        {
            Name = "shop",
            QueryMode = new QueryModeMessage { Kind = QueryModeKind.Only, Values = { "a" } },
        };
        var payload = new RecordPayload { PropertyId = 7, Property = body };
        LaterVersion.Read(RecordPayload.Parser, payload.ToByteArray(), out var later).ShouldBe(payload);
        later.ShouldBeFalse();

        // Field 50, a text, inside the query mode inside the property.
        var mode = PropertyBody.Parser.ParseFrom([.. body.ToByteArray(), 0x2A, 0x05, 0x92, 0x03, 0x02, (byte)'n', (byte)'w']);
        LaterVersion.Read(RecordPayload.Parser, new RecordPayload { PropertyId = 7, Property = mode }.ToByteArray(), out later);
        later.ShouldBeTrue();
        LaterVersion.Wrote(PropertyBody.Parser, mode).ShouldBeTrue();
        LaterVersion.Wrote(PropertyBody.Parser, body).ShouldBeFalse();
    }
}
