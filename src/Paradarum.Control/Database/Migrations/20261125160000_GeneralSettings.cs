using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Paradarum.Control.Database.Migrations
{
    /// <inheritdoc />
    public partial class GeneralSettings : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<int>(
                name: "always_online_conditions",
                table: "properties",
                type: "INTEGER",
                nullable: false,
                defaultValue: 255
            );

            migrationBuilder.AddColumn<bool>(
                name: "always_online_enabled",
                table: "properties",
                type: "INTEGER",
                nullable: false,
                defaultValue: false
            );

            migrationBuilder.AddColumn<bool>(
                name: "browser_override",
                table: "properties",
                type: "INTEGER",
                nullable: false,
                defaultValue: false
            );

            migrationBuilder.AddColumn<long>(
                name: "browser_ttl_seconds",
                table: "properties",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0L
            );
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(name: "always_online_conditions", table: "properties");

            migrationBuilder.DropColumn(name: "always_online_enabled", table: "properties");

            migrationBuilder.DropColumn(name: "browser_override", table: "properties");

            migrationBuilder.DropColumn(name: "browser_ttl_seconds", table: "properties");
        }
    }
}
