using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Paradarum.Control.Database.Migrations
{
    /// <inheritdoc />
    public partial class StateBeforeSuspension : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<int>(name: "suspended_from", table: "properties", type: "INTEGER", nullable: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(name: "suspended_from", table: "properties");
        }
    }
}
