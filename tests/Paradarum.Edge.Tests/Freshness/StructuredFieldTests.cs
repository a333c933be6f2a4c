using Paradarum.Edge.Freshness;

namespace Paradarum.Edge.Tests.Freshness;

public sealed class A_structured_field
{
    [Theory]
    [InlineData("a", "a=Boolean:1")]
    [InlineData("a=?0, b", "a=Boolean:0 b=Boolean:1")]
    [InlineData("  a=1,\t b=-20  ", "a=Integer:1 b=Integer:-20")]
    [InlineData("a=1.5;x;y=2", "a=Decimal:1.5")]
    [InlineData("a=\"x\\\"y, z\"", "a=String:x\\\"y, z")]
    [InlineData("a=*tok/en:1", "a=Token:*tok/en:1")]
    [InlineData("a=:aGk=:", "a=Bytes:aGk=")]
    [InlineData("a=@1659578233", "a=Date:1659578233")]
    [InlineData("a=%\"f%c3%bc\"", "a=DisplayString:f%c3%bc")]
    [InlineData("a=( \"x\";q=1 b ), c", "a=InnerList:( \"x\";q=1 b ) c=Boolean:1")]
    [InlineData("*a.b-c_9=1", "*a.b-c_9=Integer:1")]
    [InlineData("", "")]
    public void That_is_a_dictionary_is_read_member_by_member(string text, string members) => Dictionary(text).ShouldBe(members);

    [Theory]
    [InlineData("a,")]
    [InlineData("a, ,b")]
    [InlineData("a b")]
    [InlineData("A=1")]
    [InlineData("1a=1")]
    [InlineData("a =1")]
    [InlineData("a= 1")]
    [InlineData("a=")]
    [InlineData("a=1.")]
    [InlineData("a=1.2345")]
    [InlineData("a=1234567890123456")]
    [InlineData("a=1234567890123.1")]
    [InlineData("a=--1")]
    [InlineData("a=\"x")]
    [InlineData("a=\"\\x\"")]
    [InlineData("a=\"ü\"")]
    [InlineData("a=?2")]
    [InlineData("a=:x")]
    [InlineData("a=@1.5")]
    [InlineData("a=(1")]
    [InlineData("a=(1\"x\")")]
    [InlineData("a;B")]
    [InlineData("a;b=")]
    [InlineData("a, &&&&&")]
    public void That_does_not_parse_is_broken_as_a_whole(string text) => Dictionary(text).ShouldBe("broken");

    [Theory]
    [InlineData("\"a\", \"b\";x=1", "a|b")]
    [InlineData("\"a\",\"a\"", "a")]
    [InlineData("\"a\\\"b\\\\\"", "a\"b\\")]
    [InlineData("\"\"", "")]
    [InlineData("\"a\", b", "nothing")]
    [InlineData("\"a\", ", "nothing")]
    [InlineData("(\"a\")", "nothing")]
    [InlineData("", "nothing")]
    public void That_lists_groups_gives_their_names_or_nothing(string text, string names) =>
        (CacheGroups.Of(text) is { Length: > 0 } groups ? string.Join('|', groups) : "nothing").ShouldBe(names);

    [Fact]
    public void Of_several_lines_is_one_list() => CacheGroups.Of(new(["\"a\"", "\"b\""])).ShouldBe(["a", "b"]);

    private static string Dictionary(string text)
    {
        var members = new StructuredField(text);
        var read = new List<string>();
        while (members.NextOfDictionary())
            read.Add($"{members.Key}={members.Kind}:{members.Value}");
        return members.IsBroken ? "broken" : string.Join(' ', read);
    }
}

public sealed class Accept_language_as_selecting_header
{
    [Theory]
    [InlineData("en, de", "de,en")]
    [InlineData(" DE ,   En", "de,en")]
    [InlineData("en;q=0.8, de, fr;q=0.9", "de,fr;q=0.9,en;q=0.8")]
    [InlineData("en;q=1.0, de;q=1", "de,en")]
    [InlineData("en;level=1", "en;level=1")]
    [InlineData("", "")]
    public void Has_one_form_for_one_preference(string field, string form) => Languages.Normalise(field).ShouldBe(form);

    [Fact]
    public void Keeps_apart_who_prefers_otherwise() => Languages.Normalise("en, de;q=0.9").ShouldNotBe(Languages.Normalise("de, en;q=0.9"));
}
