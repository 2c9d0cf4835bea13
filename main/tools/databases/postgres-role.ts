import { refused } from '../../guard/sql.ts';
import type { PostgresSession } from './postgres-session.ts';

/** Roles of PostgreSQL's own that reach files, programs and other people's sessions on the server's machine. */
const REACHING_ROLES = [
  'pg_read_server_files',
  'pg_write_server_files',
  'pg_execute_server_program',
  'pg_signal_backend',
];
/** Extensions whose functions open connections or run programs from the server's machine. */
const REACHING_EXTENSIONS = ['adminpack', 'aws_lambda', 'aws_s3', 'dblink', 'http', 'pg_net', 'plproxy'];

/**
 * Refuses a role that can do more than ask and change tables: a read-only transaction stops changes of tables, and
 * neither a function that reads a file of the server nor one that connects from there.
 *
 * @throws FastbandError `query_refused`
 */
export async function checkRole(session: PostgresSession): Promise<void> {
  // Names are looked up where only the server's owner can put any.
  const { rows } = await session.query(
    `SELECT kind, name FROM (
       SELECT 'role' AS kind, r.rolname::pg_catalog.text AS name FROM pg_catalog.pg_roles r
       WHERE (r.rolsuper OR r.rolreplication OR r.rolname OPERATOR(pg_catalog.=) ANY ($1::pg_catalog.text[]))
         AND pg_catalog.pg_has_role(SESSION_USER, r.oid, 'MEMBER')
       UNION ALL
       SELECT 'extension', e.extname::pg_catalog.text FROM pg_catalog.pg_extension e
       WHERE e.extname OPERATOR(pg_catalog.=) ANY ($2::pg_catalog.text[]) AND EXISTS (
         SELECT 1 FROM pg_catalog.pg_depend d
         JOIN pg_catalog.pg_proc p ON p.oid OPERATOR(pg_catalog.=) d.objid
         WHERE d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass
           AND d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_extension'::pg_catalog.regclass
           AND d.refobjid OPERATOR(pg_catalog.=) e.oid
           AND pg_catalog.has_function_privilege(p.oid, 'EXECUTE'))
     ) found ORDER BY kind, name`,
    [REACHING_ROLES, REACHING_EXTENSIONS],
  );
  const [first] = rows;
  if (first === undefined) return;
  const [kind, name] = first;
  throw refused(
    kind === 'role'
      ? `This connection has the rights of ${name}, which reach out of the database: files, programs and other sessions of the server. Give Fastband a role of its own: CREATE ROLE fastband LOGIN PASSWORD '…'; GRANT pg_read_all_data TO fastband;`
      : `This connection may run functions of the extension ${name}, which reach other servers. Take that from its role: REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA … FROM PUBLIC.`,
  );
}
