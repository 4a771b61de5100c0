"""What no working role may do: looked at by `cartera doctor`, tried by the tests."""

from __future__ import annotations

from psycopg2.extensions import connection

from cartera.db.servers import Role

FORBIDDEN: dict[Role, tuple[tuple[str, str], ...]] = {
    Role.loader: (
        ("raw_files.invoices", "delete"),
        ("raw_files.invoices", "truncate"),
        ("ops.loads", "update"),
        ("ops.certificates", "insert"),
        ("ops.publications", "insert"),
    ),
    Role.transformer: (
        ("raw_files.invoices", "insert"),
        ("raw_files.invoices", "update"),
        ("raw_files.invoices", "delete"),
        ("quarantine.records", "update"),
        ("ops.loads", "insert"),
    ),
    Role.reader: (
        ("raw_files.invoices", "select"),
        ("raw_files.customers", "select"),
        ("quarantine.records", "select"),
        ("ops.slots", "select"),
        ("ops.contact_messages", "select"),
        ("ops.runs", "insert"),
        ("ops.publications", "update"),
    ),
    Role.viewer: (
        ("raw_files.invoices", "select"),
        ("raw_files.customers", "select"),
        ("quarantine.records", "select"),
        ("ops.check_results", "select"),
        ("ops.all_companies", "select"),
        ("ops.user_versions", "select"),
        ("ops.contacts", "select"),
        ("ops.runs", "insert"),
    ),
    Role.campaign: (
        ("raw_files.customers", "select"),
        ("quarantine.records", "select"),
        ("ops.certificates", "insert"),
        ("ops.publications", "insert"),
        ("ops.runs", "update"),
        ("ops.user_versions", "insert"),
        ("ops.views_logged", "update"),
        ("ops.views_logged", "delete"),
        ("ops.contact_messages", "update"),
        ("ops.contact_messages", "delete"),
    ),
    Role.desk: (
        ("raw_files.customers", "select"),
        ("quarantine.records", "select"),
        ("ops.publications", "insert"),
        ("ops.contact_plans", "insert"),
        ("ops.contact_items", "update"),
        ("ops.desk_actions", "update"),
        ("ops.desk_actions", "delete"),
        ("ops.contact_preferences", "update"),
        ("ops.contact_preferences", "delete"),
        ("ops.contact_messages", "select"),
    ),
}
"""role -> (table, privilege) that it must not have"""


HAS_PRIVILEGE = """
    select case when %(privilege)s in ('select', 'insert', 'update')
        then has_any_column_privilege(%(role)s, %(table)s, %(privilege)s)
        else has_table_privilege(%(role)s, %(table)s, %(privilege)s) end"""


def excesses(admin: connection, role: Role, name: str) -> list[str]:
    """What a role, called `name` on this server, may do and must not; empty when all is well."""
    with admin.cursor() as cur:
        cur.execute("select rolsuper, rolcreaterole, rolcreatedb from pg_roles where rolname = %s", (name,))
        rights = cur.fetchone() or (False, False, False)
        words = ("be superuser", "create roles", "create databases")
        found = [word for word, has in zip(words, rights, strict=True) if has]
        for table, privilege in FORBIDDEN[role]:
            cur.execute(HAS_PRIVILEGE, {"role": name, "table": table, "privilege": privilege})
            found += [f"{privilege} {table}" for (has,) in cur.fetchall() if has]
        cur.execute("select has_schema_privilege(%s, 'public', 'create')", (name,))
        found += ["create tables in public" for (has,) in cur.fetchall() if has]
    return found
