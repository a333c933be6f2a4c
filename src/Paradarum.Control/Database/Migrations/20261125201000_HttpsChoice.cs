using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Paradarum.Control.Database.Migrations
{
    /// <inheritdoc />
    public partial class HttpsChoice : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<long>(name: "hsts_seconds", table: "properties", type: "INTEGER", nullable: false, defaultValue: 0L);

            migrationBuilder.AddColumn<bool>(
                name: "https_redirect",
                table: "properties",
                type: "INTEGER",
                nullable: false,
                defaultValue: false
            );
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(name: "hsts_seconds", table: "properties");

            migrationBuilder.DropColumn(name: "https_redirect", table: "properties");
        }
    }
}
